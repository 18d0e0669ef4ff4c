"""What tox calls, apart from a week."""

from __future__ import annotations

import json

from .house import EMPTY_SIGNALS, GOOD_SIGNALS, House


def _signals(house: House) -> dict[str, object]:
    grade = json.loads((house.root / "grade.json").read_text(encoding="utf-8"))
    return next(kata for kata in grade["weeks"][0]["katas"] if kata["kata"] == "signals")


def test_a_grade_counts_green_specs(house: House) -> None:
    house.kata("signals", EMPTY_SIGNALS.replace("raise NotImplementedError", "return 2 * x", 1))
    summary = house.root / "summary.md"
    seen = house.call("grade", GITHUB_STEP_SUMMARY=str(summary))
    assert seen.status == 1
    assert "| signals | 2 | 3 |" in seen
    assert _signals(house) == {"kata": "signals", "green": 2, "total": 3, "red": ["three times is more"]}
    assert "| signals | 2 | 3 |" in summary.read_text(encoding="utf-8")


def test_a_grade_takes_skipped_and_missing_specs_for_red(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    spec = "import pytest\nfrom katas.week1.signals import double\n"
    house.spec(
        "signals", spec + "@pytest.mark.skip\ndef test_a():\n    pass\ndef test_b():\n    assert double(1) == 2\n"
    )
    house.call("grade")
    assert _signals(house) == {"kata": "signals", "green": 1, "total": 2, "red": ["a"]}
    house.call("grade", "-k", "test_b")
    assert _signals(house) == {"kata": "signals", "green": 1, "total": 2, "red": ["test_a"]}


def test_a_week_that_is_not_written_says_so(house: House) -> None:
    for name in ("week2", "week8", "final"):
        seen = house.call(name)
        assert seen.status == 1
        assert seen.text.count("\n") == 1
        assert "is not written yet" in seen


def test_what_needs_the_reference_says_so(house: House) -> None:
    (house.root / "reference" / "week1" / "__init__.py").unlink()
    (house.root / "reference" / "week1").rmdir()
    (house.root / "reference").rmdir()
    for name in ("reference", "golden"):
        seen = house.call(name)
        assert seen.status == 1
        assert "not part of the learner's edition" in seen
