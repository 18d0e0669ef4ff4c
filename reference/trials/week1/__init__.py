"""The trials of Week 1, a module for each kata."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterable
from types import ModuleType, SimpleNamespace
from typing import Any

KATAS = ("config", "models", "signals", "broker", "main")


def inputs(seed: int) -> dict[str, Any]:
    """Plain data for every kata, the same for the same seed."""
    return {kata: _module(kata).inputs(random.Random(f"week1 {kata} {seed}")) for kata in KATAS}


def run(katas: ModuleType, given: dict[str, Any], only: Iterable[str] = KATAS) -> dict[str, Any]:
    """The answers of the implementation behind `katas`, by kata."""
    loaded = {name: importlib.import_module(f"{katas.__name__}.week1.{name}") for name in KATAS}
    return {kata: _module(kata).run(SimpleNamespace(**loaded), given[kata]) for kata in only}


def _module(kata: str) -> Any:
    return importlib.import_module(f"{__name__}.{kata}")
