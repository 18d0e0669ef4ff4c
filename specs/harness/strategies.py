"""Valid worlds for property specs: data that could have happened, and that shrinks to something readable.

Plain data only; a spec builds the kata's own types from it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

FIRST = datetime(2000, 1, 3, tzinfo=UTC)
LAST = datetime(2030, 12, 31, tzinfo=UTC)


def prices(low: str = "0.01", high: str = "5000") -> st.SearchStrategy[Decimal]:
    """A price in whole cents."""
    return st.decimals(Decimal(low), Decimal(high), places=2, allow_nan=False, allow_infinity=False)


def instants() -> st.SearchStrategy[datetime]:
    """An instant in UTC, to the second."""
    seconds = int((LAST - FIRST).total_seconds())
    return st.integers(0, seconds).map(lambda s: FIRST + timedelta(seconds=s))


def symbols() -> st.SearchStrategy[str]:
    """A ticker."""
    return st.sampled_from(["AAPL", "BRK.B", "F", "GOOG", "IBM", "MSFT"])


@st.composite
def close_series(draw: st.DrawFn, min_size: int = 1, max_size: int = 60) -> list[float]:
    """Daily closes in cents: a walk whose days move by whole percents, flat stretches among them."""
    price = draw(st.integers(100, 50_000))
    moves = draw(st.lists(st.integers(-8, 8), min_size=min_size - 1, max_size=max_size - 1))
    series = [price]
    for move in moves:
        series.append(max(1, round(series[-1] * (100 + move) / 100)))
    return [cents / 100 for cents in series]


@st.composite
def ohlcv(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of one consistent bar."""
    low, high = sorted(draw(st.tuples(prices(), prices())))
    inside = st.integers(int(low * 100), int(high * 100)).map(lambda cents: Decimal(cents) / 100)
    return {
        "symbol": draw(symbols()),
        "timestamp": draw(instants()),
        "open": draw(inside),
        "high": high,
        "low": low,
        "close": draw(inside),
        "volume": Decimal(draw(st.integers(0, 10**9))),
    }
