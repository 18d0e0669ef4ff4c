"""Real prices for specs, out of `fixtures/market`."""

from __future__ import annotations

from datetime import date

from specs.world.market import load


def closes_of(symbol: str, first: str, last: str) -> list[float]:
    """Unadjusted daily closes from `first` to `last` (ISO dates, both included), oldest first."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [float(bar.close) for bar in load().bars[symbol] if begin <= bar.day <= end]
