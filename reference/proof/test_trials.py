"""Hidden trials: drawn from the seed alone, plain data, and the same answers from every right solution."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from .alternatives import ALTERNATIVES, Alternative
from .running import ROOT, WEEKS

SEEDS = (1, 20_261)


def _trial(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reference.trials", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@cache
def _answers(*arguments: str) -> Any:
    done = _trial(*arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("week", WEEKS)
def test_a_trial_depends_on_its_seed_alone(week: str) -> None:
    first, other = (_answers(week, str(seed)) for seed in SEEDS)
    assert first == json.loads(_trial(week, str(SEEDS[0])).stdout), "another answer for the same seed"
    same = [kata for kata in first if first[kata] == other[kata]]
    assert not same, f"the same answers for another seed: {same}"


@pytest.mark.parametrize("week", WEEKS)
def test_an_empty_kata_has_no_answer(week: str) -> None:
    """It raises, or raising is what it answers; never what the reference says."""
    for kata, right in _answers(week, "1").items():
        done = _trial(week, "1", "--impl", "katas", "--kata", kata)
        if done.returncode == 0:
            assert json.loads(done.stdout)[kata] != right, f"{kata}: an empty body gave the right answer"
        else:
            assert "NotImplementedError" in done.stderr, done.stderr[-800:]


@pytest.mark.parametrize("alternative", ALTERNATIVES, ids=lambda a: a.name)
def test_another_right_solution_gives_the_same_answers(alternative: Alternative, tmp_path: Path) -> None:
    folder = alternative.overlay(tmp_path / "reference")
    for seed in SEEDS:
        theirs = _answers(alternative.week, str(seed), "--impl", str(folder))
        assert theirs == _answers(alternative.week, str(seed))
