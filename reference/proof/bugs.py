"""Seeded bugs: real mistakes, as data, that some spec must notice.

`bugs/weekN.toml` holds for each one the file, the exact text to replace (found once), the
replacement, the story, where it was really seen, and which kind of spec must catch it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from .running import REFERENCE, copy_of_reference

FOLDER = Path(__file__).parent / "bugs"
KINDS = ("unit", "property", "snapshot", "any")


@dataclass(frozen=True)
class Bug:
    """One mistake to make in the reference."""

    week: str
    kata: str
    name: str
    file: str
    find: str
    replace: str
    story: str
    killed_by: str
    seen: str = ""

    def seed(self, to: Path) -> Path:
        """A copy of the reference with the bug in it."""
        folder = copy_of_reference(to)
        path = folder / self.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(self.find, self.replace), encoding="utf-8")
        return folder

    @property
    def times_found(self) -> int:
        return (REFERENCE / self.file).read_text(encoding="utf-8").count(self.find)


def load() -> list[Bug]:
    bugs: list[Bug] = []
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            bugs += [Bug(week=path.stem, **fields) for fields in tomllib.load(file)["bug"]]
    return bugs
