"""The other direction: right solutions must pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from .alternatives import ALTERNATIVES, Alternative
from .running import run_specs


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda a: a.name)
def test_another_right_solution_is_green(alternative: Alternative, tmp_path: Path) -> None:
    folder = alternative.overlay(tmp_path / "reference")
    run = run_specs(folder, f"specs/{alternative.week}", workspace=tmp_path)
    assert run.status == 0, f"{alternative.name} is right and was refused\n{run.told}"


def test_at_least_two_katas_have_another_solution() -> None:
    assert len(ALTERNATIVES) >= 2
