"""Which fixes are wanted: by how safe they are, and by the codes of what they mend."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_session.diagnostics import Applicability, Diagnostic


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants to have fixed. `fixable` and `unfixable` hold prefixes of codes.

    No `fixable` means all. Where a code is in both the longer prefix wins, and `unfixable` wins a tie.
    """

    unsafe: bool = False
    fixable: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()

    def wants(self, finding: Diagnostic) -> bool:
        """Whether the finding's fix is wanted."""
        fix = finding.fix
        if fix is None or (fix.applicability is Applicability.UNSAFE and not self.unsafe):
            return False
        return self.is_fixable(finding.code)

    def is_fixable(self, code: str) -> bool:
        """Whether findings of `code` may be fixed."""
        chosen = _reach(code, self.fixable) if self.fixable else 0
        return chosen > _reach(code, self.unfixable)


def _reach(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)
