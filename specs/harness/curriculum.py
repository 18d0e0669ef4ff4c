"""Weeks and katas in teaching order: the one list that bars, reports and proofs go by.

A week is written when its specs exist; until then its title is all there is of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "specs"


@dataclass(frozen=True)
class Week:
    """One folder of the course. `name` is the folder (`week1`, `final`)."""

    name: str
    title: str
    katas: tuple[str, ...]

    @property
    def label(self) -> str:
        """`week 1`, or `final`."""
        return self.name.replace("week", "week ")

    @property
    def written(self) -> bool:
        return (SPECS / self.name).is_dir()

    def spec_file(self, kata: str) -> Path:
        return SPECS / self.name / f"test_{kata}.py"


WEEKS: tuple[Week, ...] = (
    Week("week1", "foundations: a trading API", ("config", "models", "signals", "broker", "main")),
    Week("week2", "LLM integration", ()),
    Week("week3", "data and risk", ()),
    Week("week4", "features, regimes, backtests", ()),
    Week("week5", "microstructure and execution", ()),
    Week("week6", "institutional framework", ()),
    Week("week7", "testing and deployment", ()),
    Week("week8", "advanced topics", ()),
    Week("final", "final project", ()),
)


def week(name: str) -> Week | None:
    return next((w for w in WEEKS if w.name == name), None)


def place_of(spec: Path) -> tuple[Week, str] | None:
    """The week and kata that a spec file belongs to, or None for a file of somebody's own."""
    found = week(spec.parent.name)
    if found is None or spec.parent.parent != SPECS:
        return None
    kata = spec.stem.removeprefix("test_")
    return (found, kata) if kata in found.katas else None
