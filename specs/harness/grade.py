"""`tox -e grade`: how many specs of each kata are green, as a table, as JSON, and in GitHub's step summary.

The specs run in a process of their own, and only what they report counts: a spec that is missing,
skipped or deselected is not green.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .broken import spec_names
from .curriculum import ROOT, WEEKS, Week

SECONDS_A_WEEK = 900


def grade(arguments: Sequence[str], out: Path) -> int:
    """Grade every written week; 0 when all is green. `arguments` go to pytest (such as --impl)."""
    weeks = [_week(w, arguments) for w in WEEKS if w.written]
    out.write_text(json.dumps({"weeks": weeks}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = _table(weeks)
    print(table)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(table)
    return 0 if all(kata["green"] == kata["total"] > 0 for w in weeks for kata in w["katas"]) else 1


def _week(week: Week, arguments: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.jsonl"
        command = [sys.executable, "-m", "pytest", f"specs/{week.name}", "--results", str(results), *arguments]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=SECONDS_A_WEEK, check=False)
            said = done.stdout.decode("utf-8", "replace")[-2000:]
        except subprocess.TimeoutExpired:
            said = f"stopped after {SECONDS_A_WEEK} seconds"
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    specs = [json.loads(line) for line in lines]
    if not specs:
        print(f"{week.label} did not run:\n{said}", file=sys.stderr)
    return {"week": week.name, "title": week.title, "katas": [_kata(week, kata, specs) for kata in week.katas]}


def _kata(week: Week, kata: str, specs: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [spec for spec in specs if spec.get("week") == week.name and spec.get("kata") == kata]
    ran = {spec["id"].partition("::")[2] for spec in mine}
    missing = [name for name in spec_names(week.spec_file(kata)) if name not in ran]
    return {
        "kata": kata,
        "green": sum(spec["outcome"] == "passed" for spec in mine),
        "total": len(mine) + len(missing),
        "red": [spec["name"] for spec in mine if spec["outcome"] != "passed"] + missing,
    }


def _table(weeks: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for week in weeks:
        green, total = (sum(kata[key] for kata in week["katas"]) for key in ("green", "total"))
        lines += [
            f"### {week['week']} · {week['title']}: {green} of {total}",
            "",
            "| kata | green | of |",
            "|---|--:|--:|",
        ]
        lines += [f"| {kata['kata']} | {kata['green']} | {kata['total']} |" for kata in week["katas"]]
        lines.append("")
    return "\n".join(lines)
