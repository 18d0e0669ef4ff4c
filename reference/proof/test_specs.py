"""Green on the reference, whatever the seed; red on the stubs, each spec for the right reason."""

from __future__ import annotations

import secrets
from collections import Counter
from pathlib import Path

import pytest

from specs.harness.broken import spec_names
from specs.harness.curriculum import WEEKS as CURRICULUM

from .running import ROOT, SPECS, WEEKS, run_specs

WRITTEN = [week for week in CURRICULUM if week.written]


def test_green_on_the_reference(tmp_path: Path) -> None:
    run = run_specs("reference", workspace=tmp_path)
    assert run.status == 0, run.told
    assert run.specs, "no spec ran"
    assert not run.red, run.told


def test_green_on_the_reference_with_fresh_seeds(tmp_path: Path) -> None:
    seed = secrets.randbelow(2**32)
    run = run_specs(
        "reference", "-m", "property", "--profile", "verify", f"--hypothesis-seed={seed}", workspace=tmp_path
    )
    assert run.status == 0, f"--profile verify --hypothesis-seed={seed}\n{run.told}"


@pytest.mark.parametrize("week", WEEKS)
def test_every_spec_is_red_on_the_stubs(week: str, tmp_path: Path) -> None:
    """For the right reason: an empty body of the course, or a failed assertion; never a collection error."""
    stubs = run_specs("katas", f"specs/{week}", workspace=tmp_path)
    reference = run_specs("reference", f"specs/{week}", "--collect-only", "-q", "--plain", workspace=tmp_path)
    expected = {line for line in reference.output.splitlines() if line.startswith("specs/")}
    ran = {spec["id"] for spec in stubs.specs}
    assert ran == expected, f"other specs are collected on the stubs: {sorted(ran ^ expected)[:10]}"
    green = [spec["id"] for spec in stubs.specs if spec["outcome"] != "failed"]
    assert not green, f"not red on an empty body: {green}"
    wrong = [
        (spec["id"], spec["failure"]["error"], spec["failure"]["body"][:2])
        for spec in stubs.specs
        if not (spec["failure"]["empty"] or spec["failure"]["error"] == "AssertionError")
    ]
    assert not wrong, f"red for another reason than an empty body or a failed assertion: {wrong}"
    assert stubs.status == 1


@pytest.mark.parametrize("week", WEEKS)
def test_the_list_of_specs_is_up_to_date(week: str, tmp_path: Path) -> None:
    """Bars and grades count by it when a kata can't be loaded."""
    run = run_specs("reference", f"specs/{week}", "--collect-only", "-q", "--plain", workspace=tmp_path)
    collected = {line for line in run.output.splitlines() if line.startswith("specs/")}
    listed = {
        f"{file.relative_to(ROOT).as_posix()}::{name}"
        for file in SPECS.glob(f"{week}/test_*.py")
        for name in spec_names(file)
    }
    assert listed == collected, "run `tox -e golden`"


@pytest.mark.parametrize("week", WRITTEN, ids=lambda week: week.name)
def test_every_kata_has_specs_of_each_kind(week: object, tmp_path: Path) -> None:
    from specs.harness.curriculum import Week

    assert isinstance(week, Week)
    run = run_specs("katas", f"specs/{week.name}", workspace=tmp_path)
    kinds = Counter((spec["kata"], spec["kind"]) for spec in run.specs)
    lacking = [(k, kind) for k in week.katas for kind in ("unit", "property", "snapshot") if not kinds[k, kind]]
    assert not lacking, f"no spec of that kind: {lacking}"
    missing = [kata for kata in week.katas if not week.spec_file(kata).exists()]
    assert not missing
