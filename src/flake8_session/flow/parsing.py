"""From a slice to its syntax. The only place where LibCST's parser is called."""

from __future__ import annotations

import libcst as cst

from flake8_session.source.slices import Slice

# Faults of its own, which valid syntax can meet, LibCST raises as `CSTLogicError`: for t"a" t"b", say.
_REFUSALS = (
    cst.ParserSyntaxError,
    cst.CSTValidationError,
    cst.CSTLogicError,
    RecursionError,
    MemoryError,
    ValueError,
)


def parse(part: Slice) -> cst.Module | None:
    """The syntax of a slice, None where LibCST cannot read it; raises its refusal if nobody can."""
    try:
        return cst.parse_module(part.text)
    except _REFUSALS as error:
        if part.refusal is not None:
            raise part.refusal from error
        return None
