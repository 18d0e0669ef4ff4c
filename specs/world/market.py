"""The recorded market: daily bars and corporate actions of `fixtures/market`, as exact decimals."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "market"


@dataclass(frozen=True, slots=True)
class DailyBar:
    """One session of one symbol: unadjusted prices in USD per share, volume in shares.

    `adjusted_close` is what a later observer would compute, or None for a bar that has no such history.
    """

    symbol: str
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    adjusted_close: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split or a cash dividend, in force from the open of `ex_date`.

    `ratio` is new shares per old share (2 for 2:1) and 1 for a dividend; `amount` is USD per share as
    counted on `ex_date`, and 0 for a split.
    """

    symbol: str
    ex_date: date
    kind: str
    ratio: Decimal = Decimal(1)
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Market:
    """Bars by symbol, oldest first, and the corporate actions that belong to them."""

    bars: dict[str, tuple[DailyBar, ...]]
    actions: tuple[CorporateAction, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(sorted(self.bars))

    def only(self, symbols: Iterable[str]) -> Market:
        """The same market with these symbols alone. Raises KeyError for one that it doesn't hold."""
        chosen = {symbol: self.bars[symbol] for symbol in symbols}
        return Market(chosen, tuple(action for action in self.actions if action.symbol in chosen))


@cache
def load(folder: Path = FOLDER) -> Market:
    """Read the recorded market. Raises FileNotFoundError if the fixtures are missing."""
    names = sorted(path.name for path in folder.glob("*.csv.gz"))
    if not names:
        raise FileNotFoundError(f"no *.csv.gz in {folder}")
    bars = {name.removesuffix(".csv.gz"): tuple(_bars(folder / name)) for name in names}
    facts: list[dict[str, str]] = json.loads((folder / "actions.json").read_text(encoding="ascii"))
    return Market(bars, tuple(_action(fact) for fact in facts))


def _bars(path: Path) -> Iterable[DailyBar]:
    symbol = path.name.removesuffix(".csv.gz")
    with gzip.open(path, "rt", encoding="ascii", newline="") as lines:
        for row in csv.DictReader(lines):
            yield DailyBar(
                symbol=symbol,
                day=date.fromisoformat(row["date"]),
                open=Decimal(row["open"]),
                high=Decimal(row["high"]),
                low=Decimal(row["low"]),
                close=Decimal(row["close"]),
                volume=Decimal(row["volume"]),
                adjusted_close=Decimal(row["adjusted_close"]),
            )


def _action(fact: dict[str, str]) -> CorporateAction:
    return CorporateAction(
        symbol=fact["symbol"],
        ex_date=date.fromisoformat(fact["ex_date"]),
        kind=fact["kind"],
        ratio=Decimal(fact.get("ratio", "1")),
        amount=Decimal(fact.get("amount", "0")),
    )
