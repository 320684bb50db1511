"""The base of a project's tables, and one of them."""

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base, relationship


class _Base:
    @classmethod
    def select(cls, user, options=()):
        """The rows that a user may see."""
        return sa.select(cls).options(*options)


Base = declarative_base(cls=_Base)


class Address(Base):
    __tablename__ = "address"
    id = sa.Column(sa.Integer, primary_key=True)
    user_id = sa.Column(sa.ForeignKey("user.id"))
    user = relationship("User", back_populates="addresses")
