"""The rules, one file each. A file that is put here is found; there is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from flake8_session.rules._rule import Check, Rule


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule by its code, in order of the codes."""
    return MappingProxyType({code: rule for code, (rule, _) in _found().items()})


@cache
def checks() -> Mapping[str, Check]:
    """The check of every rule by its code, in order of the codes."""
    return MappingProxyType({code: check for code, (_, check) in _found().items()})


@cache
def _found() -> Mapping[str, tuple[Rule, Check]]:
    found: dict[str, tuple[Rule, Check]] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        if not name.startswith("ses"):
            continue
        module = importlib.import_module(f"{__name__}.{name}")
        if not hasattr(module, "RULE"):
            continue
        rule: Rule = replace(module.RULE, page=(module.__doc__ or "").strip())
        found[rule.code] = (rule, module.check)
    return found
