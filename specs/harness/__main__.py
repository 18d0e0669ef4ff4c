"""`python -m specs.harness week1 …`: what tox calls. Arguments after the name go to pytest."""

from __future__ import annotations

import sys

from .curriculum import ROOT, SPECS, week

TAKE_A_VALUE = ("-k", "-m", "-n", "-p", "-c", "-o", "--impl", "--profile", "--results")


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

    if chosen is not None:
        # A kata's name means its specs: `tox -e week1 -- signals`. `-k` would also find specs that mention it.
        katas = [
            i
            for i, word in enumerate(arguments)
            if word in chosen.katas and not (i and arguments[i - 1] in TAKE_A_VALUE)
        ]
        files = [str(chosen.spec_file(arguments[i])) for i in katas]
        rest = [word for i, word in enumerate(arguments) if i not in katas]
        return int(pytest.main([*(files or [str(SPECS / chosen.name)]), *rest]))
    fixed = {
        "reference": ["--impl", "reference", str(SPECS)],
        "golden": ["--impl", "reference", "--snapshot-update", str(SPECS)],
    }
    return int(pytest.main(fixed[name] + arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
