"""Lowering: from the syntax of one file to graphs of events, a function of the text alone."""

from flake8_session.flow.lowering import Lowered, lower_module

__all__ = ["Lowered", "lower_module"]
