"""Small worlds for the proofs: markets of a few bars, and clients of the real SDK on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.trading.client import TradingClient

from specs.world.exchange import Costs, Exchange, create_app
from specs.world.exchange.money import times
from specs.world.market import CorporateAction, DailyBar, Market
from specs.world.server import running

FREE = Costs(
    slippage_bps=Decimal(0),
    commission_bps=Decimal(0),
    commission_per_share=Decimal(0),
    volume_share=Decimal(1),
)
KEY, SECRET = "paper-key", "paper-secret"

Row = tuple[str, str, str, str] | tuple[str, str, str, str, int]


def weekdays(count: int, start: date = date(2005, 1, 3)) -> list[date]:
    """`count` days from `start`, Saturdays and Sundays left out."""
    days: list[date] = []
    while len(days) < count:
        if start.weekday() < 5:
            days.append(start)
        start += timedelta(days=1)
    return days


def bar(o: str, h: str, low: str, c: str, volume: int = 1_000_000, *, symbol: str = "AAPL") -> DailyBar:
    """One bar on the first day."""
    return _bar(symbol, date(2005, 1, 3), (o, h, low, c, volume))


def _bar(symbol: str, day: date, row: Row) -> DailyBar:
    o, h, low, c = (Decimal(price) for price in row[:4])
    return DailyBar(symbol, day, o, h, low, c, Decimal(row[4] if len(row) == 5 else 1_000_000))


def market(rows: Mapping[str, Sequence[Row]], actions: Sequence[CorporateAction] = ()) -> Market:
    """A market of (open, high, low, close[, volume]) rows by symbol, on weekdays from 2005-01-03."""
    bars: dict[str, tuple[DailyBar, ...]] = {}
    for symbol, found in rows.items():
        bars[symbol] = tuple(_bar(symbol, day, row) for day, row in zip(weekdays(len(found)), found, strict=True))
    return Market(bars, tuple(actions))


def exchange_on(
    rows: Sequence[Row], *, actions: Sequence[CorporateAction] = (), costs: Costs = FREE, **more: Any
) -> Exchange:
    """An exchange with AAPL alone, after the close of the first row, free of costs unless told."""
    return Exchange(market({"AAPL": rows}, actions), as_of=weekdays(1)[0], costs=costs, **more)


def order(side: str = "buy", qty: str | None = "10", kind: str = "market", **more: Any) -> dict[str, Any]:
    """The body of `POST /v2/orders`."""
    body = {"symbol": "AAPL", "side": side, "type": kind, "time_in_force": "day", "qty": qty}
    return {name: value for name, value in {**body, **more}.items() if value is not None}


def cash_by_fills(exchange: Exchange, start: Decimal) -> Decimal:
    """What the cash must be: the start, less everything bought, plus everything sold, less commissions."""
    cash = start + exchange.ledger.dividends
    for fill in exchange.fills:
        value = times(fill.qty, fill.price)
        cash += (-value if fill.side == "buy" else value) - fill.commission
    return cash


@dataclass(frozen=True)
class Clients:
    """The exchange and the unmodified SDK's clients for it."""

    exchange: Exchange
    url: str
    trading: Any  # TradingClient and StockHistoricalDataClient; their answers are unions that nobody can use
    data: Any


@contextmanager
def served(exchange: Exchange) -> Generator[Clients]:
    """Serve an exchange on loopback and connect alpaca-py to it."""
    with running(create_app(exchange)) as url:
        yield Clients(
            exchange,
            url,
            TradingClient(exchange.key, exchange.secret, url_override=url),
            StockHistoricalDataClient(exchange.key, exchange.secret, url_override=url),
        )


def refused(action: Callable[[], object]) -> tuple[int, dict[str, Any]]:
    """Status and body with which the exchange refuses `action`."""
    with pytest.raises(APIError) as caught:
        action()
    error: Any = caught.value
    return error.status_code, json.loads(str(error))
