"""A little course of its own, with the real harness in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from ..running import ROOT

# The plugins of a learner's environment: those of the peers take seconds to import.
ONLY_OURS = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "_hypothesis_pytestplugin,syrupy,xdist.plugin",
}


@dataclass(frozen=True)
class Screen:
    """What one run printed, and how it ended."""

    status: int
    text: str

    def __contains__(self, words: str) -> bool:
        # The screen wraps; a sentence is found all the same.
        return words in self.text or words in " ".join(self.text.split())

    @property
    def steady(self) -> str:
        """The text without what differs from machine to machine."""
        lines = [line.rstrip() for line in self.text.splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class House:
    """Katas and specs written by a test, run as a learner runs them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "specs" / "harness", root / "specs" / "harness", ignore=ignore)
        for name in ("conftest.py", "pyproject.toml", "specs/__init__.py"):
            shutil.copy(ROOT / name, root / name)
        for name in ("katas/__init__.py", "katas/week1/__init__.py", "reference/week1/__init__.py"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")

    def kata(self, name: str, code: str, *, of: str = "katas") -> None:
        self._write(self.root / of / "week1" / f"{name}.py", code)

    def spec(self, kata: str, code: str) -> None:
        self._write(self.root / "specs" / "week1" / f"test_{kata}.py", code)

    def write(self, path: str, code: str) -> None:
        self._write(self.root / path, code)

    def run(self, *arguments: str, columns: int = 80, **environment: str) -> Screen:
        return self.call("week1", "-p", "no:cacheprovider", *arguments, columns=columns, **environment)

    def call(self, *arguments: str, columns: int = 80, **environment: str) -> Screen:
        """`python -m specs.harness …`"""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KATAS_", "PYTEST_"))}
        output = self.root / "screen.txt"
        with output.open("wb") as file:  # a file, not a pipe: a process that stays behind can't keep it open for us
            status = subprocess.run(
                [sys.executable, "-m", "specs.harness", *arguments],
                cwd=self.root,
                env={**clean, **ONLY_OURS, "COLUMNS": str(columns), "NO_COLOR": "1", "PYTHONUTF8": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            ).returncode
        return Screen(status, output.read_text(encoding="utf-8", errors="replace"))

    @staticmethod
    def _write(path: Path, code: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(code).lstrip("\n"), encoding="utf-8")


EMPTY_SIGNALS = '''
    """Signals."""


    def double(x: int) -> int:
        """Twice x."""
        raise NotImplementedError


    def triple(x: int) -> int:
        """Three times x."""
        raise NotImplementedError
'''

GOOD_SIGNALS = EMPTY_SIGNALS.replace("raise NotImplementedError", "return 2 * x", 1).replace(
    "raise NotImplementedError", "return 3 * x", 1
)

SIGNALS_SPEC = '''
    """Signals."""

    from hypothesis import given, strategies as st

    from katas.week1.signals import double, triple
    from specs.harness.expect import refused, told


    def test_twice_is_twice_as_much():
        """Whoever orders twice as much and gets less has lost money on the way to the door of the exchange."""
        assert double(2) == 4, told("double(2)", got=double(2), expected=4)


    @given(x=st.integers())
    def test_twice_is_a_sum(x):
        """x and x again."""
        assert double(x) == x + x, told("double(x)", x=x, got=double(x), expected=x + x, because="2x = x + x")


    def test_three_times_is_more():
        assert triple(2) == 6
'''
