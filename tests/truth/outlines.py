"""Outlines of a random program's function, and the module around it."""

from __future__ import annotations

from tests.truth.blocks import Blocks
from tests.truth.tables import MODELS
from tests.truth.writing import Lines, Scope, indent


class Author(Blocks):
    """Writes one program."""

    def program(self) -> str:
        """The text of a module."""
        low, high = self.weights.length
        self.left = low + self.draw.below(high - low + 1)
        shape = self.weighted(self.weights.shapes)
        body = getattr(self, f"shape_{shape}")(Scope())
        decorator = {"manager": ["@asynccontextmanager" if self.asynchronous else "@contextmanager"]}.get(
            shape, []
        )
        head = f"{self.a}def function({', '.join(self.parameters)}):"
        function = [*decorator, head, *indent(body)]
        parts = [*self.imports(), *(self.helper(each) for each in sorted(self.helpers)), "\n".join(function)]
        return "\n\n\n".join(parts) + "\n"

    def imports(self) -> Lines:
        engine = "async_engine" if self.asynchronous else "engine"
        opaque = ["awork"] if self.asynchronous else []
        own = ["A", "U"] if not self.in_sight else []
        maker = "async_sessionmaker" if self.asynchronous else "sessionmaker"
        orm = ["DeclarativeBase", "Mapped", "mapped_column", "relationship"] if self.in_sight else []
        lines = ["from contextlib import asynccontextmanager, closing, contextmanager, suppress", ""]
        lines += ["from sqlalchemy import ForeignKey, select, text, update"]
        lines += ["from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError"]
        if self.asynchronous:
            lines += ["from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker"]
        else:
            orm += ["Session", "sessionmaker"]
        if orm:
            lines += [f"from sqlalchemy.orm import {', '.join(sorted(orm))}"]
        module = "models_async" if self.asynchronous else "models"
        lines += [
            "",
            f"from {module} import {', '.join([*own, *opaque, 'cond', engine, 'items', 'work'])}",
            "",
        ]
        lines += [f"SessionLocal = {maker}({engine})", f"Keeping = {maker}({engine}, expire_on_commit=False)"]
        return ["\n".join(lines), *([MODELS.rstrip()] if self.in_sight else [])]

    def helper(self, name: str) -> str:
        manager = "asynccontextmanager" if self.asynchronous else "contextmanager"
        return {
            "make": "def make():\n    return SessionLocal()",
            "close_it": f"{self.a}def close_it(session: {self.session_class}):\n    {self.w}session.close()",
            "scope": f"@{manager}\n{self.a}def scope():\n    session = SessionLocal()\n    try:\n"
            f"        yield session\n"
            f"        {self.w}session.commit()\n    except Exception:\n        {self.w}session.rollback()\n"
            f"        raise\n    finally:\n        {self.w}session.close()",
            "lend": f"@{manager}\n{self.a}def lend():\n    {self.a}with SessionLocal() as session:\n"
            f"        yield session",
        }[name]

    def shape_plain(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left)
        if self.chance(60):
            lines += self.phrase_close(scope)
            lines += self.tail(scope)
        return lines + self.ending(scope)

    def shape_finally(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        if self.chance(20):
            lines += self.block(scope, 1)
        inner = scope.inner()
        body = self.block(inner, self.left) + self.ending(inner)
        cleanup = self.block(scope.inner(), 1) if self.chance(25) else []
        cleanup += [f"{self.w}{scope.sessions[0]}.close()"] if self.chance(85) else ["work()"]
        lines += ["try:", *indent(body), "finally:", *indent(cleanup)]
        self.shut(scope, scope.sessions[0])
        return lines + self.tail(scope) + self.ending(scope)

    def shape_guarded(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left // 3)
        lines += self.phrase_attempt(scope)
        lines += self.block(scope, self.left)
        if self.chance(65):
            lines += self.phrase_close(scope)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_with(self, scope: Scope) -> Lines:
        lines = self.phrase_open_with(scope)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_maker_begin(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner(block_of=session)
        inner.sessions.append(session)
        body = self.first_load(inner) + self.block(inner, self.left) + self.ending(inner, 30)
        self.leave_with(scope, inner, session)
        lines = [f"{self.a}with SessionLocal.begin() as {session}:", *indent(body)]
        return lines + self.tail(scope) + self.ending(scope)

    def shape_with_begin(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner(block_of=session)
        inner.sessions.append(session)
        body = self.first_load(inner) + self.block(inner, self.left) + self.ending(inner, 30)
        self.leave_with(scope, inner, session)
        opened = self.constructor()
        lines = [f"{self.a}with {opened} as {session}, {session}.begin():", *indent(body)]
        return lines + self.tail(scope) + self.ending(scope)

    def shape_borrowed(self, scope: Scope) -> Lines:
        self.parameters.append(f"session: {self.session_class}")
        scope.sessions.append(self.new("session"))
        return self.first_load(scope) + self.block(scope, self.left) + self.ending(scope)

    def shape_optional(self, scope: Scope) -> Lines:
        self.parameters.append(f"session: {self.session_class} | None = None")
        session = self.new("session")
        own = self.chance(70)
        lines = ["own = session is None"] if own else []
        lines += ["if own:" if own else "if session is None:", f"    session = {self.constructor()}"]
        scope.sessions.append(session)
        inner = scope.inner()
        body = self.block(inner, self.left) + self.ending(inner)
        shut = [
            f"if {'own' if self.chance(80) and own else 'session is None' if self.chance(30) else 'flag'}:"
        ]
        if "flag" in shut[0]:
            self.parameters.append("flag: bool = False")
        shut += [f"    {self.w}session.close()"]
        if self.chance(70):
            return [*lines, "try:", *indent(body), "finally:", *indent(shut)]
        return (
            [*lines, *body, *shut]
            if not body[-1].startswith("return")
            else [*lines, *body[:-1], *shut, body[-1]]
        )

    def shape_flagged(self, scope: Scope) -> Lines:
        if self.chance(50):
            self.parameters.append("flag: bool")
            lines: Lines = []
        else:
            lines = ["flag = cond()"]
        scope.flags.append("flag")
        session = self.new("session")
        sessions = Scope(sessions=[session], flags=["flag"], depth=1)
        lines += ["if flag:", f"    session = {self.constructor()}", *indent(self.block(sessions, 2))]
        lines += self.block(scope, 2)
        closing = ["if flag:" if self.chance(75) else "if not flag:" if self.chance(30) else "if cond():"]
        closing += [f"    {self.w}session.close()"]
        return lines + closing + self.ending(scope)

    def shape_manager(self, scope: Scope) -> Lines:
        return self.lending(scope)

    def shape_dependency(self, scope: Scope) -> Lines:
        return self.lending(scope)

    def shape_generator(self, scope: Scope) -> Lines:
        scope.in_generator = True
        lines = self.phrase_open_with(scope) if self.chance(50) else self.opening(scope)
        lines += self.block(scope, 2)
        yielded = self.any_name(scope)
        body = [f"yield {yielded}", *self.block(scope.inner(in_loop=True), 2)]
        lines += ["for item in items():", *indent(body)] if self.chance(60) else [f"yield {yielded}"]
        if scope.sessions and self.chance(60):
            lines += self.phrase_close(scope)
        return lines

    def lending(self, scope: Scope) -> Lines:
        """A generator that lends its session at one `yield`, more or less guarded."""
        scope.in_generator = True
        how = self.pick(["with", "finally", "handler", "plain", "both", "with", "finally"])
        if how == "with":
            session = self.new("session")
            inner = scope.inner()
            inner.sessions.append(session)
            body = [*self.maybe(inner, 30), f"yield {session}", *self.maybe(inner, 50)]
            self.leave_with(scope, inner, session)
            return [f"{self.a}with {self.constructor()} as {session}:", *indent(body), *self.maybe(scope, 20)]
        lines = self.opening(scope)
        session = scope.sessions[0]
        lines += self.maybe(scope, 30)
        if how == "plain":
            return [*lines, f"yield {session}", *self.maybe(scope, 50), *self.often_close(session)]
        inner = scope.inner()
        body = [f"yield {session}", *self.maybe(inner, 60)]
        if how == "finally":
            return [*lines, "try:", *indent(body), "finally:", *indent(self.often_close(session))]
        handler = self.handler(scope.inner(), always_close=self.chance(50))
        if how == "handler":
            return [*lines, "try:", *indent(body), *handler, *self.often_close(session)]
        return [*lines, "try:", *indent(body), *handler, "finally:", *indent(self.often_close(session))]

    def shape_turns(self, scope: Scope) -> Lines:
        inner = scope.inner(in_loop=True)
        body = self.opening(inner) + self.block(inner, self.left)
        if self.chance(60):
            body += self.phrase_close(inner)
        head = self.pick(["for item in items():", "for item in items():", "while cond():"])
        lines = [head, *indent(body)]
        if self.chance(40):
            first = f"session = {self.constructor()}"
            lines = [first, *lines]
            scope.sessions.append("session")
            lines += self.phrase_close(scope) if self.chance(60) else []
        return lines + self.ending(scope)

    def shape_two(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        if self.chance(50):
            lines += self.opening(scope)
            lines += self.block(scope, self.left)
        else:
            lines += self.block(scope, self.left // 2)
            lines += self.phrase_open_with(scope)
        for session in list(scope.sessions):
            if self.chance(60):
                lines += [f"{self.w}{session}.close()"]
                self.shut(scope, session)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_temporary(self, scope: Scope) -> Lines:
        lines = self.maybe(scope, 30)
        for _ in range(1 + self.draw.below(2)):
            lines += self.phrase_loose(scope)
        return lines + self.ending(scope)

    def shape_handing(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left // 2)
        session = scope.sessions[0]
        given = self.pick([session, session, f"({session}, 1)", f"[{session}]"])
        if self.chance(40):
            lines += ["if cond():", f"    return {given}", *self.block(scope, 2), *self.often_close(session)]
            return lines
        return [*lines, f"return {given}"]

    def opening(self, scope: Scope) -> Lines:
        session = self.new("session")
        scope.sessions.append(session)
        return [f"{session} = {self.constructor()}", *self.first_load(scope)]

    def often_close(self, session: str) -> Lines:
        return [f"{self.w}{session}.close()"] if self.chance(80) else ["work()"]

    def tail(self, scope: Scope) -> Lines:
        """Something behind the close, mostly a read of what it detached."""
        lines: Lines = []
        for _ in range(self.draw.below(3)):
            kind = self.pick(
                ["read", "read", "read_relation", "read_deferred", "format", "comprehend", "any"]
            )
            usable = scope.lists if kind == "comprehend" else scope.things
            lines += (
                getattr(self, f"phrase_{kind}")(scope) if kind != "any" and usable else self.maybe(scope, 60)
            )
        return lines
