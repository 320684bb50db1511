"""The base of a project's handlers."""

from models_async import AsyncSessionLocal


class Handler:
    user = "ann"
    AsyncSession = AsyncSessionLocal
