"""Fixtures of the harness's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from .house import EMPTY_SIGNALS, SIGNALS_SPEC, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with one empty kata and three specs."""
    made = House(tmp_path / "house")
    made.kata("signals", EMPTY_SIGNALS)
    made.spec("signals", SIGNALS_SPEC)
    return made
