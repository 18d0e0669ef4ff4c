"""`python -m specs.harness week1 …`: what tox calls. Arguments after the name go to pytest."""

from __future__ import annotations

import sys

from .curriculum import ROOT, SPECS, week


def main(name: str, arguments: list[str]) -> int:
    chosen = week(name)
    if chosen is not None and not chosen.written:
        print(f"{chosen.label} ({chosen.title}) is not written yet.")
        return 1
    if chosen is None and name != "grade" and not (ROOT / "reference").is_dir():
        print(f"tox -e {name} needs the reference, which is not part of the learner's edition.")
        return 1
    if name == "grade":
        from .grade import grade

        return grade(arguments, ROOT / "grade.json")
    import pytest

    fixed = {
        "reference": ["--impl", "reference", str(SPECS)],
        "golden": ["--impl", "reference", "--snapshot-update", str(SPECS)],
    }
    return int(pytest.main([str(SPECS / chosen.name), *arguments] if chosen else fixed[name] + arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
