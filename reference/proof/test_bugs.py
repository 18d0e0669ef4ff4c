"""Every seeded bug dies, of the kind of spec that ought to see it."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path

import pytest

from specs.harness.curriculum import WEEKS

from .bugs import KINDS, Bug, load
from .running import REFERENCE, run_specs

BUGS = load()
FEWEST_A_KATA = 4


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.week}-{bug.kata}-{bug.name}")
def test_a_seeded_bug_dies(bug: Bug, tmp_path: Path) -> None:
    assert bug.times_found == 1, f"the text to replace is found {bug.times_found} times in {bug.file}"
    assert bug.replace != bug.find
    assert bug.killed_by in KINDS
    folder = bug.seed(tmp_path / "reference")
    kind = [] if bug.killed_by == "any" else ["-m", bug.killed_by]
    run = run_specs(folder, f"specs/{bug.week}/test_{bug.kata}.py", "-x", *kind, workspace=tmp_path, seconds=120)
    diff = "".join(
        difflib.unified_diff(
            (REFERENCE / bug.file).read_text(encoding="utf-8").splitlines(keepends=True),
            (folder / bug.file).read_text(encoding="utf-8").splitlines(keepends=True),
            bug.file,
            f"{bug.file} with {bug.name}",
            n=1,
        )
    )
    assert run.specs, f"no {bug.killed_by} spec of {bug.kata} ran\n{run.output[-2000:]}"
    assert run.red, f"SURVIVED {bug.name}: {bug.story}\n{diff}\nno {bug.killed_by} spec of {bug.kata} saw it"


def test_every_kata_has_its_bugs() -> None:
    count = Counter((bug.week, bug.kata) for bug in BUGS)
    few = {
        (w.name, k): count[w.name, k] for w in WEEKS if w.written for k in w.katas if count[w.name, k] < FEWEST_A_KATA
    }
    assert not few, f"fewer than {FEWEST_A_KATA} seeded bugs: {few}"


def test_names_are_given_once() -> None:
    twice = [name for name, n in Counter((bug.week, bug.name) for bug in BUGS).items() if n > 1]
    assert not twice
