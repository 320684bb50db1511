"""Times a cold run over a made tree of modules that import each other, against LibCST's parse of them.

    python benchmarks/cold_run.py [MODULES ...]

Each module has helpers that open, close and use sessions, and imports ten others, from which it calls
such helpers, two to three hops deep. The time should grow with the number of modules and no faster:
each module is read once, and each function solved once for each kind of argument.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import libcst

from flake8_session.checker import check_source
from flake8_session.project import Neighbourhood

MODULE = '''\
"""Orders, number {number}."""

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

{imports}

Maker{number} = sessionmaker()


class Base(DeclarativeBase):
    pass


class Order{number}(Base):
    __tablename__ = "order{number}"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    lines: Mapped[list["Line"]] = relationship()

    def title(self):
        return f"{{self.id}} {{self.name}}"


def open_{number}():
    session = Maker{number}()
    session.info["opened by"] = __name__
    return session


def finish_{number}(session):
    try:
        session.commit()
    finally:
        session.close()


def find_{number}(session: Session, name):
    found = session.scalars(select(Order{number}).where(Order{number}.name == name)).all()
    if not found:
        session.add(Order{number}(name=name))
        session.flush()
    return [order for order in found if order.lines]


def unrelated_{number}(values):
    total = 0
    for value in values:
        if value % 2:
            total += value
        else:
            total -= 1
    return total

{uses}
'''
USE = '''
def use_{number}_of_{other}(name):
    session = module{other}.open_{other}()
    try:
        orders = module{other}.find_{other}(session, name)
        return [order.title() for order in orders]
    finally:
        module{other}.finish_{other}(session)
'''


def main(sizes: list[int]) -> None:
    """Prints a line for each size."""
    print("modules    lines  parse s   cold s  ratio  warm s  findings")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(_measured(Path(folder), size), flush=True)


def _measured(folder: Path, size: int) -> str:
    texts = _write(folder, size)
    start = time.process_time()
    for text in texts.values():
        libcst.parse_module(text)
    parse = time.process_time() - start
    times = []
    for _ in range(2):
        start = time.process_time()
        around = Neighbourhood(cache=str(folder / "cache"))
        found = sum(
            len(check_source(text, filename=str(path), project=around.project))
            for path, text in texts.items()
        )
        around.keep(at_end=True)
        times.append(time.process_time() - start)
    lines = sum(text.count("\n") for text in texts.values())
    cold, warm = times
    return f"{size:>7} {lines:>8} {parse:>8.2f} {cold:>8.2f} {cold / parse:>6.1f} {warm:>7.2f} {found:>9}"


def _write(folder: Path, size: int) -> dict[Path, str]:
    (folder / "pyproject.toml").touch()
    texts = {}
    for number in range(size):
        others = sorted({(number * 7 + step * step + 1) % size for step in range(10)} - {number})
        text = MODULE.format(
            number=number,
            imports="\n".join(f"import module{other}" for other in others),
            uses="".join(USE.format(number=number, other=other) for other in others),
        )
        path = folder / f"module{number}.py"
        path.write_text(text, encoding="utf-8")
        texts[path] = text
    return texts


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [125, 250, 500, 1000])
