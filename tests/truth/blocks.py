"""Suites of a random program: branches, loops, handlers, ``with``."""

from __future__ import annotations

from tests.truth.phrases import Phrases
from tests.truth.writing import READS, Lines, Scope, indent


class Blocks(Phrases):
    """Statements that hold statements."""

    def first_load(self, scope: Scope) -> Lines:
        """Mostly an instance, since much can be done with one."""
        return (
            self.pick([self.phrase_load, self.phrase_load, self.phrase_make])(scope)
            if self.chance(60)
            else []
        )

    def block(self, scope: Scope, count: int) -> Lines:
        """About `count` statements, at least one line."""
        lines: Lines = []
        for _ in range(max(1, count)):
            if lines and (self.left <= 0 or lines[-1].startswith(("return", "raise", "break", "continue"))):
                break
            self.left -= 1
            name = self.weighted(self.weights.phrases, lambda each: self.usable(each, scope))
            lines += getattr(self, f"phrase_{name}")(scope)
        return lines or ["pass"]

    def usable(self, name: str, scope: Scope) -> bool:
        """Whether a statement can be written here at all, and mostly whether it makes sense."""
        sensible = self.chance(self.weights.sense)
        open_ones = [each for each in scope.sessions if each not in scope.closed]
        if name in NEEDS_SESSION and not (open_ones if sensible else scope.sessions):
            return False
        if name in ENDS and sensible and not any(each not in scope.blocks for each in open_ones):
            return False
        if (
            name == "block"
            and sensible
            and all(each in scope.busy or each in scope.blocks for each in open_ones)
        ):
            return False
        if name in READS and sensible and not self.readable(scope, name):
            return False
        if name == "forget" and scope.depth == 0:
            return False
        if name in NEEDS_THING and not scope.things:
            return False
        if (
            name in NEEDS_MEMBER
            and not any(each.home and each.stored for each in scope.things.values())
            and sensible
        ):
            return False
        if name in COMPOUND and (scope.depth >= 3 or self.left <= 0):
            return False
        if name in {"next_turn", "stop_turn"}:
            return scope.in_loop
        if name in {"leave", "fail"}:
            return scope.conditional and not scope.in_generator
        if name in {"comprehend"} and not scope.lists:
            return False
        if name == "none" and not scope.things:
            return False
        return not (name == "open_with" and len(scope.sessions) >= 2)

    def maybe(self, scope: Scope, percent: int) -> Lines:
        return self.block(scope, 1) if self.chance(percent) else []

    def ending(self, scope: Scope, percent: int = 55) -> Lines:
        """Mostly the return of something."""
        return [f"return {self.result(scope)}"] if self.chance(percent) and not scope.in_generator else []

    def leave_with(self, scope: Scope, inner: Scope, session: str) -> None:
        """What was bound in a ``with`` is there behind it, detached."""
        scope.things = inner.things
        scope.lists = inner.lists
        scope.values = inner.values
        scope.closed = inner.closed
        scope.busy = inner.busy
        if session not in scope.sessions:
            scope.sessions.append(session)
        self.shut(scope, session)

    def handler(self, scope: Scope, *, always_close: bool = False) -> Lines:
        """One or two ``except`` clauses."""
        lines: Lines = []
        kinds = (
            ["Exception"] * 7 + ["SQLAlchemyError"] * 4 + ["IntegrityError", "OperationalError", "ValueError"]
        )
        kinds += ["BaseException", "", "(SQLAlchemyError, ValueError)", "(IntegrityError, OperationalError)"]
        first = self.pick(kinds)
        for kind in (
            [first, "Exception"] if first and "Exception" not in first and self.chance(25) else [first]
        ):
            name = " as error" if kind and self.chance(25) else ""
            inner = scope.inner(conditional=True)
            body = self.handler_body(inner, always_close=always_close)
            lines += [f"except {kind}{name}:" if kind else "except:", *indent(body)]
        return lines

    def handler_body(self, scope: Scope, *, always_close: bool) -> Lines:
        lines: Lines = []
        if self.readable(scope, "read") and self.chance(20):
            lines += self.phrase_read(scope)
        if always_close and scope.sessions:
            lines += [f"{self.w}{scope.sessions[0]}.close()"]
        elif scope.sessions and self.chance(45):
            lines += self.phrase_rollback(scope)
        elif scope.sessions and self.chance(15):
            lines += self.phrase_close(scope)
        if self.chance(30):
            lines += self.block(scope, 1)
        if lines and lines[-1].startswith(("return", "raise", "break", "continue")):
            return lines
        if self.chance(30):
            return [*lines, "raise"]
        if scope.in_loop and self.chance(15):
            return [*lines, self.pick(["continue", "break"])]
        return lines or [self.pick(["pass", "work()", "pass"])]

    def phrase_branch(self, scope: Scope) -> Lines:
        lines = ["if cond():", *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2)))]
        if self.chance(35):
            lines += ["else:", *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2)))]
        return lines

    def phrase_flag(self, scope: Scope) -> Lines:
        lines: Lines = []
        if not scope.flags:
            name = self.new("flag")
            scope.flags.append(name)
            if self.chance(50) and scope.depth == 0:
                self.parameters.append(f"{name}: bool = False")
            else:
                lines = [f"{name} = cond()"]
        test = self.pick(scope.flags)
        if self.chance(30):
            test = f"not {test}"
        return [
            *lines,
            f"if {test}:",
            *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2))),
        ]

    def phrase_none(self, scope: Scope) -> Lines:
        name = self.thing(scope)
        if scope.in_generator or self.chance(40):
            lines = [f"if {name} is not None:", *indent(self.block(scope.inner(), 2))]
            del scope.things[name]
            return lines
        test = self.pick([f"{name} is None", f"not {name}"])
        inner = scope.inner()
        del inner.things[name]
        return [f"if {test}:", *indent([*self.maybe(inner, 40), "return None"])]

    def phrase_loop(self, scope: Scope) -> Lines:
        return [
            "for item in items():",
            *indent(self.block(scope.inner(in_loop=True, conditional=True), 1 + self.draw.below(3))),
        ]

    def phrase_turn(self, scope: Scope) -> Lines:
        return [
            "while cond():",
            *indent(self.block(scope.inner(in_loop=True, conditional=True), 1 + self.draw.below(2))),
        ]

    def phrase_attempt(self, scope: Scope) -> Lines:
        inner = scope.inner()
        body = self.block(inner, 1 + self.draw.below(3))
        if (
            inner.sessions
            and self.chance(50)
            and not body[-1].startswith(("return", "raise", "break", "continue"))
        ):
            body += self.phrase_commit(inner)
        lines = ["try:", *indent(body), *self.handler(scope.inner())]
        if self.chance(12):
            lines += ["else:", *indent(self.block(scope.inner(), 1))]
        return lines

    def phrase_ensure(self, scope: Scope) -> Lines:
        body = self.block(scope.inner(), 1 + self.draw.below(3))
        cleanup = self.block(scope.inner(), 1)
        if scope.sessions and self.chance(50):
            cleanup = self.phrase_close(scope)
        if cleanup[-1].startswith(("return", "break", "continue")):
            cleanup = ["work()"]
        return ["try:", *indent(body), "finally:", *indent(cleanup)]

    def phrase_attempt_ensure(self, scope: Scope) -> Lines:
        body = self.block(scope.inner(), 1 + self.draw.below(3))
        handler = self.handler(scope.inner())
        cleanup = self.block(scope.inner(), 1)
        if scope.sessions and self.chance(60):
            cleanup = self.phrase_close(scope)
        if cleanup[-1].startswith(("return", "break", "continue")):
            cleanup = ["work()"]
        return ["try:", *indent(body), *handler, "finally:", *indent(cleanup)]

    def phrase_suppressed(self, scope: Scope) -> Lines:
        kind = self.pick(["Exception", "SQLAlchemyError", "IntegrityError"])
        return [f"with suppress({kind}):", *indent(self.block(scope.inner(), 1 + self.draw.below(2)))]

    def phrase_block(self, scope: Scope) -> Lines:
        session = self.session(scope, idle=True)
        body = self.block(scope.inner(block_of=session), 1 + self.draw.below(3))
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.a}with {session}.begin():", *indent(body)]

    def phrase_savepoint(self, scope: Scope) -> Lines:
        head = f"{self.a}with {self.session(scope)}.begin_nested():"
        return [head, *indent(self.block(scope.inner(), 1 + self.draw.below(2)))]

    def phrase_open_with(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner()
        inner.sessions.append(session)
        opened = self.constructor()
        if self.chance(25):
            helper = self.pick(["scope", "lend"])
            self.helpers.add(helper)
            opened = f"{helper}()"
        elif self.chance(8) and not self.asynchronous:
            opened = f"closing({opened})"
        first = self.first_load(inner) if scope.depth == 0 else []
        body = first + self.block(inner, max(2, self.left)) if scope.depth == 0 else self.block(inner, 2)
        if scope.depth == 0:
            body += self.ending(inner, 20)
        self.leave_with(scope, inner, session)
        return [f"{self.a}with {opened} as {session}:", *indent(body)]


NEEDS_SESSION = {
    "load", "add", "merge", "refresh", "expire", "expire_all", "expunge", "delete", "flush", "commit",
    "rollback", "close", "reset", "execute", "ask", "load_all", "forget", "anew", "helper_close",
    "block", "savepoint",
}

NEEDS_THING = {
    "add", "merge", "refresh", "expire", "expunge", "delete", "write", "write_relation", "append", "read",
    "read_relation", "read_deferred", "format", "each_of_relation",
}

NEEDS_MEMBER = {"refresh", "expire", "expunge", "delete"}

ENDS = {"commit", "rollback", "close", "reset", "helper_close"}

COMPOUND = {
    "branch", "flag", "none", "loop", "turn", "attempt", "ensure", "attempt_ensure", "suppressed", "block",
    "savepoint", "open_with",
}
