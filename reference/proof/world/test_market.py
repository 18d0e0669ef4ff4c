"""The recorded market is what its README says."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from specs.world.market import FOLDER, load

SYMBOLS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def test_every_file_is_the_one_that_its_provenance_names() -> None:
    provenance = json.loads((FOLDER / "provenance.json").read_text())
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.iterdir()
        if path.name not in {"provenance.json", "README.md"}
    }
    assert found == provenance["sha256"]


def test_ranges_are_as_documented() -> None:
    found = {symbol: (len(bars), bars[0].day, bars[-1].day) for symbol, bars in load().bars.items()}
    last = date(2013, 3, 1)
    assert found == {
        "AAPL": (3270, date(2000, 3, 1), last),
        "FB": (196, date(2012, 5, 18), last),
        "GOOG": (2148, date(2004, 8, 19), last),
        "IBM": (3270, date(2000, 3, 1), last),
        "MSFT": (3270, date(2000, 3, 1), last),
    }


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_bars_are_consistent_and_in_order(symbol: str) -> None:
    bars = load().bars[symbol]
    assert all(before.day < after.day for before, after in itertools.pairwise(bars))
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high, bar
        assert bar.volume > 0, bar


def test_prices_are_the_source_s_digits() -> None:
    first = load().bars["AAPL"][0]
    assert (first.open, first.high, first.low, first.close) == tuple(
        Decimal(text) for text in ("118.56", "132.06", "118.5", "130.31")
    )
    assert str(first.low) == "118.5"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_corporate_actions_explain_every_step_of_the_adjusted_close(symbol: str) -> None:
    """Otherwise an action is missing, or one is made up."""
    recorded = load()
    for before, after in itertools.pairwise(recorded.bars[symbol]):
        factor = Decimal(1)
        today = [a for a in recorded.actions if a.symbol == symbol and a.ex_date == after.day]
        for action in today:
            factor *= action.ratio
        factor *= (after.close + sum(a.amount for a in today)) / after.close
        assert before.adjusted_close is not None
        assert after.adjusted_close is not None
        seen = after.adjusted_close / after.close * before.close / before.adjusted_close
        assert abs(seen - factor) < Decimal("1e-6"), (after.day, seen, factor)


def test_the_splits_and_the_special_dividend_are_there() -> None:
    rare = [a for a in load().actions if a.ratio != 1 or a.kind == "special_dividend"]
    assert [(a.symbol, str(a.ex_date), a.ratio, a.amount) for a in rare] == [
        ("AAPL", "2000-06-21", 2, 0),
        ("MSFT", "2003-02-18", 2, 0),
        ("MSFT", "2004-11-15", 1, Decimal("3.00")),
        ("AAPL", "2005-02-28", 2, 0),
    ]


def test_apple_s_fall_of_september_2000_is_no_corporate_action() -> None:
    crash = date(2000, 9, 29)
    closes = [bar.close for bar in load().bars["AAPL"] if bar.day in {date(2000, 9, 28), crash}]
    assert closes == [Decimal("53.5"), Decimal("25.75")]
    assert not [a for a in load().actions if a.symbol == "AAPL" and a.ex_date == crash]


def test_the_loader_needs_no_pandas() -> None:
    code = "import sys, specs.world.market as m; m.load(); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], timeout=30).returncode == 0
