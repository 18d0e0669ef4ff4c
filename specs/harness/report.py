"""The red report: a bar for each kata in teaching order, then the next red spec, and little else."""

from __future__ import annotations

import difflib
import textwrap
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

import pytest

from .curriculum import WEEKS, Week

_WIDEST = 100
_TOTAL_BAR = 16
_KATA_BAR = 12
_OWN = "your own"
_WIDEST_LABEL = 24


@dataclass
class Red:
    order: tuple[int, int, int]
    told: dict[str, Any]


@dataclass
class Tally:
    """Specs of one kata: how many there are, how many are green, which are red."""

    total: int = 0
    green: int = 0
    passed: list[str] = field(default_factory=list)
    red: list[Red] = field(default_factory=list)


class RedReport(pytest.TerminalReporter):  # pyright: ignore[reportGeneralTypeIssues]  # its hooks are what we replace
    """Takes the place of pytest's own reporter. Other plugins' words go through the silent `write…`."""

    def __init__(self, config: pytest.Config, file: TextIO | None = None) -> None:
        super().__init__(config, file)
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._outside: list[str] = []
        self._not_green: list[str] = []
        self._deselected: list[pytest.Item] = []
        self._interrupted = False
        self._done = 0
        self._expected = 0
        self._progress_drawn = False
        self._utf8 = _can_write(self._tw, "█░✓✗←·")

    # ── what other plugins write while we run: nothing of it is the learner's business ──

    def write(self, content: str, *, flush: bool = False, **markup: bool) -> None: ...

    def write_line(self, line: str | bytes, **markup: bool) -> None: ...

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None: ...

    def rewrite(self, line: str, **markup: bool) -> None: ...

    def ensure_newline(self) -> None: ...

    def section(self, title: str, sep: str = "=", **kw: bool) -> None: ...

    def line(self, msg: str, **kw: bool) -> None: ...

    def write_fspath_result(self, nodeid: str, res: str, **markup: bool) -> None: ...

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_collection(self) -> None: ...

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expected = len(session.items) or self._expected

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None: ...

    def pytest_runtest_logfinish(self, nodeid: str) -> None: ...

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None: ...

    def pytest_internalerror(self, excrepr: Any) -> bool:
        for line in str(excrepr).split("\n"):
            self._say("INTERNALERROR> " + line)
        return True

    # ── what we keep ──

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._outside.append(f"{report.nodeid} can't be collected:\n{report.longreprtext}")

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._deselected = list(items)

    def _near_misses(self) -> list[str]:
        """Katas, functions and specs whose names come close to what `-k` asked for."""
        asked = str(getattr(self.config.option, "keyword", ""))
        words = {word for item in self._deselected for word in item.extra_keyword_matches}
        words |= {kata for w in WEEKS for kata in w.katas}
        words |= {item.name.removeprefix("test_").partition("[")[0] for item in self._deselected}
        return difflib.get_close_matches(asked, sorted(words), n=3)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        tag: dict[str, Any] = getattr(report, "kata", None) or _own(report)
        order = _order(tag["order"])
        tally = self._tallies.setdefault((tag["week"], tag["kata"]), Tally())
        if report.when == "setup":
            tally.total += 1
        if report.failed:
            known = any(r.order == order for r in tally.red)
            if not known:
                if report.when == "teardown":
                    tally.green -= 1
                told = getattr(report, "explanation", None) or _unexplained(report)
                tally.red.append(Red(order, told))
        elif report.skipped:
            self._not_green.append(f"{tag['name']} was skipped or expected to fail: that is not green")
        elif report.when == "call":
            tally.green += 1
            tally.passed.append(tag["name"])
        if report.when == "teardown":
            self._done += 1
            self._progress()

    @property
    def all_green(self) -> bool:
        ran = any(t.total for t in self._tallies.values())
        reds = any(t.red or t.green < t.total for t in self._tallies.values())
        return ran and not reds and not self._outside and not self._not_green and not self._interrupted

    # ── the screen ──

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int | pytest.ExitCode
    ) -> Generator[None, None, None]:
        yield
        self._clear_progress()
        self._say()
        self._bars()
        reds = sorted((r for t in self._tallies.values() for r in t.red), key=lambda r: r.order)
        shown = reds if self.config.get_verbosity() > 0 else reds[:1]
        cases = Counter(_without_case(red.told["sentence"]) for red in shown)
        told: set[str] = set()
        for i, red in enumerate(shown):
            spec = _without_case(red.told["sentence"])
            if spec in told:
                continue
            told.add(spec)
            self._red(red.told, "NEXT" if i == 0 else "RED", others=cases[spec] - 1)
        for text in [*self._outside, *self._not_green]:
            self._say(text, red=True)
        if self._interrupted:
            self._say(f"STOPPED  after {self._done} of {self._expected} specs.", yellow=True, bold=True)
        elif self.all_green:
            self._green(session)
        elif not self._tallies and not self._outside:
            self._say("no spec was selected", yellow=True)
            near = self._near_misses()
            if near:
                self._say(f"  did you mean   {', '.join(near)}")
        self._say()

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self) -> Generator[None, None, None]:
        yield

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        self._interrupted = True

    def pytest_unconfigure(self) -> None: ...

    def _width(self) -> int:
        return max(40, min(self._tw.fullwidth, _WIDEST))

    def _say(self, text: str = "", **markup: bool) -> None:
        if not self._utf8:
            text = text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
        self._tw.line(text, **markup)

    def _bar(self, part: int, whole: int, length: int) -> str:
        full = length * part // whole if whole else 0
        # A bar is empty only at nothing, and full only at all.
        full = 1 if part and not full else full
        return "█" * full + "░" * (length - full)

    def _bars(self) -> None:
        weeks = [w for w in WEEKS if any(key[0] == w.name for key in self._tallies)]
        next_kata = min(((r.order, key) for key, t in self._tallies.items() for r in t.red), default=(None, None))[1]
        for w in weeks:
            rows = [(k, self._tallies[w.name, k]) for k in w.katas if (w.name, k) in self._tallies]
            self._headline(w, rows)
            for name, tally in rows:
                self._row(name, tally, here=(w.name, name) == next_kata)
            self._say()
        own = self._tallies.get(("", _OWN))
        if own:
            self._row(_OWN, own, here=next_kata == ("", _OWN))
            self._say()

    def _headline(self, w: Week, rows: list[tuple[str, Tally]]) -> None:
        green, total = sum(t.green for _, t in rows), sum(t.total for _, t in rows)
        left = f"{w.label} · {w.title}"
        right = f"{self._bar(green, total, _TOTAL_BAR)}  {green} of {total}"
        self._say(left + " " * max(2, self._width() - len(left) - len(right)) + right, bold=True)
        self._say()

    def _row(self, name: str, tally: Tally, *, here: bool) -> None:
        count = f"{tally.green}/{tally.total}"
        done = tally.green == tally.total
        self._say(
            f"  {name:<20} {self._bar(tally.green, tally.total, _KATA_BAR)} {count:>8}{'   ← here' if here else ''}",
            green=done,
            yellow=here and not done,
        )
        if self.config.get_verbosity() > 0:
            for passed in tally.passed:
                self._say(f"      ✓ {passed}", green=True)
            for red in sorted(tally.red, key=lambda r: r.order):
                self._say(f"      ✗ {red.told['sentence']}", red=True)

    def _red(self, told: dict[str, Any], label: str, others: int = 0) -> None:
        width = self._width()
        right = " · ".join(x for x in (told["kind"], told["kata"]) if x)
        sentence = textwrap.wrap(told["sentence"], width - 6 - len(right) - 2) or [""]
        gap = " " * max(2, width - 6 - len(sentence[0]) - len(right))
        self._say(f"{label:<4}  {sentence[0]}{gap}{right}", red=True, bold=True)
        for line in sentence[1:]:
            self._say(f"      {line}", red=True, bold=True)
        self._say()
        if told["why"]:
            self._paragraph(told["why"])
            self._say()
        for line in told["body"]:
            self._body(line)
        if others:
            self._say()
            self._say(f"  … and {others} more {'case' if others == 1 else 'cases'} of this spec")
        self._say()
        if told["printed"]:
            self._say("  your code printed")
            for line in told["printed"].splitlines():
                self._body("    " + line)
            self._say()
        for name in ("write", "read", "only"):
            if told[name]:
                self._say(f"  {name:<6} {told[name]}", cyan=True)
        self._say()

    def _paragraph(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            for line in textwrap.wrap(" ".join(paragraph.split()), self._width() - 2, break_on_hyphens=False):
                self._say(f"  {line}")

    def _body(self, line: str) -> None:
        """One line of what happened, wrapped under its own indent when the screen is narrow."""
        indent = len(line) - len(line.lstrip())
        label = 0
        rest = line[indent:]
        _, gap, tail = rest.partition("  ")
        if gap and tail.strip():
            label = len(rest) - len(tail.lstrip())
            label = label if label <= _WIDEST_LABEL else 4
        wrapped = textwrap.wrap(
            rest,
            self._width() - 2 - indent,
            subsequent_indent=" " * label,
            drop_whitespace=True,
            replace_whitespace=False,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for part in wrapped or [""]:
            self._say("  " + " " * indent + part)

    def _green(self, session: pytest.Session) -> None:
        weeks = [w for w in WEEKS if any(key[0] == w.name for key in self._tallies)]
        total = sum(t.total for t in self._tallies.values())
        whole = not getattr(session.config.option, "keyword", "") and all(
            (w.name, k) in self._tallies for w in weeks for k in w.katas
        )
        self._say(f"GREEN  all {total} specs hold.", green=True, bold=True)
        if not whole or not weeks:
            self._say(f"  This was a part; `tox -e {weeks[-1].name if weeks else 'week1'}` runs the week.")
            return
        following = WEEKS[min(WEEKS.index(weeks[-1]) + 1, len(WEEKS) - 1)]
        if following is not weeks[-1]:
            self._say(f"  next   tox -e {following.name}   {following.title}")

    def _progress(self) -> None:
        if not self.isatty or not self._expected:
            return
        self._tw.write(f"\r  {self._done} of {self._expected} ", flush=True)
        self._progress_drawn = True

    def _clear_progress(self) -> None:
        if self._progress_drawn:
            self._tw.write("\r" + " " * 30 + "\r", flush=True)
            self._progress_drawn = False


_ASCII = str.maketrans({"█": "#", "░": ".", "✓": "+", "✗": "x", "←": "<", "·": "-", "…": "...", "−": "-", "→": ">"})


def _can_write(writer: Any, text: str) -> bool:
    encoding = getattr(writer._file, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _without_case(sentence: str) -> str:
    return sentence.partition(" · ")[0]


def _own(report: pytest.TestReport) -> dict[str, Any]:
    """The tag of a test that is none of the course's: the learner's own."""
    return {"week": "", "kata": _OWN, "order": (99, 0, 0), "name": report.nodeid}


def _order(parts: Sequence[int]) -> tuple[int, int, int]:
    week_place, kata_place, place = parts
    return week_place, kata_place, place


def _unexplained(report: pytest.TestReport) -> dict[str, Any]:
    """A worker process died, or a test that is not a spec failed: pytest's own words."""
    lines = report.longreprtext.splitlines()
    return {
        "sentence": report.nodeid.rpartition("::")[2],
        "kind": "",
        "week": "",
        "kata": "",
        "why": "",
        "body": lines[-20:],
        "write": "",
        "read": "",
        "only": "",
        "printed": "",
        "error": "",
        "empty": "",
    }
