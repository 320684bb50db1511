"""Findings as JSON and back: lists without names, since a store holds thousands of them."""

from __future__ import annotations

from typing import Any

from flake8_session.diagnostics import Applicability, Diagnostic, Edit, Fix, Related, Span
from flake8_session.linting import Linted


def to_json(linted: Linted) -> list[Any]:
    """The findings of a file as JSON can hold them."""
    return [[_finding(each) for each in linted.reported], [_finding(each) for each in linted.silenced]]


def from_json(raw: Any) -> Linted:
    """What `to_json` was given. Raises `TypeError` or `ValueError` for anything that it did not make."""
    reported, silenced = raw
    return Linted(tuple(map(_read_finding, reported)), tuple(map(_read_finding, silenced)))


def _finding(finding: Diagnostic) -> list[Any]:
    return [
        _span(finding.span),
        finding.code,
        finding.name,
        finding.message,
        [[_span(place.span), place.message] for place in finding.path],
        finding.function,
        finding.fix and _fix(finding.fix),
    ]


def _fix(fix: Fix) -> list[Any]:
    edits = [[_span(edit.span), edit.content] for edit in fix.edits]
    return [fix.message, fix.applicability.value, edits, fix.reason]


def _span(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]


def _read_finding(raw: Any) -> Diagnostic:
    span, code, name, message, path, function, fix = raw
    places = tuple(Related(_read_span(place), _text(said)) for place, said in path)
    return Diagnostic(
        _read_span(span), _text(code), _text(name), _text(message), places, _text(function),
        None if fix is None else _read_fix(fix),
    )


def _read_fix(raw: Any) -> Fix:
    message, applicability, edits, reason = raw
    read = tuple(Edit(_read_span(span), _text(content)) for span, content in edits)
    return Fix(_text(message), Applicability(applicability), read, _text(reason))


def _read_span(raw: Any) -> Span:
    line, column, end_line, end_column = raw
    if not all(isinstance(number, int) for number in raw):
        raise TypeError("a span has four numbers")
    return Span(line, column, end_line, end_column)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError("a text is needed here")
    return raw
