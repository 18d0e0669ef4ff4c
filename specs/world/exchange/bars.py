"""`GET /v2/stocks/bars`: daily bars up to the last session, adjusted on request, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..market import DailyBar
from .calendar import NEW_YORK, bar_time
from .money import PRICE_STEP

if TYPE_CHECKING:
    from .core import Exchange

FEEDS = frozenset({"iex", "sip", "delayed_sip", "otc", "boats", "overnight"})
ADJUSTMENTS = frozenset({"raw", "split", "dividend", "all"})
MAX_LIMIT = 10_000
DEFAULT_LIMIT = 1_000


class BadRequestError(ValueError):
    """Parameters that the data API answers with 400 and this message."""


def page(exchange: Exchange, params: Mapping[str, str]) -> dict[str, Any]:
    """The response body for these query parameters. Raises BadRequestError.

    As on the real service: an unknown symbol has no entry and is no error; without `start` only the
    current day is asked for; `limit` counts bars over all symbols; symbols come in alphabetical order.
    """
    symbols = sorted({name.strip() for name in params.get("symbols", "").split(",") if name.strip()})
    if not symbols:
        raise BadRequestError("symbols is required")
    if params.get("timeframe") not in {"1Day", "1D"}:
        raise BadRequestError(f"invalid timeframe: {params.get('timeframe', '')}")
    feed, sort = params.get("feed", "iex"), params.get("sort", "asc")
    adjustment = params.get("adjustment", "raw")
    for name, value, allowed in (
        ("feed", feed, FEEDS),
        ("sort", sort, {"asc", "desc"}),
        ("adjustment", adjustment, ADJUSTMENTS),
    ):
        if value not in allowed:
            raise BadRequestError(f"invalid {name}: {value}")
    limit = _limit(params.get("limit"))
    midnight = datetime.combine(exchange.now.astimezone(NEW_YORK).date(), time(0), NEW_YORK)
    start = _instant("start", params.get("start")) or midnight
    end = _instant("end", params.get("end")) or exchange.now
    wanted = [
        (symbol, bar)
        for symbol in symbols
        for bar in _selected(exchange, symbol, start, end, newest_first=sort == "desc")
    ]
    offset = _offset(params.get("page_token"), wanted)
    chosen = wanted[offset : offset + limit]
    found: dict[str, list[dict[str, Any]]] = {}
    for symbol, bar in chosen:
        found.setdefault(symbol, []).append(shape(exchange, bar, adjustment))
    more = offset + limit < len(wanted)
    return {"bars": found, "next_page_token": _token(*chosen[-1]) if more else None}


def latest(exchange: Exchange, symbols: list[str]) -> dict[str, Any]:
    """`GET /v2/stocks/bars/latest`: the last known bar of each symbol."""
    found: dict[str, Any] = {}
    for symbol in symbols:
        bar = exchange.bar(symbol, exchange.today) if symbol in exchange.market.bars else None
        if bar is not None:
            found[symbol] = shape(exchange, bar, "raw")
    return {"bars": found}


def shape(exchange: Exchange, bar: DailyBar, adjustment: str) -> dict[str, Any]:
    """One bar. Prices are JSON numbers; trade count and VWAP are null, the record has neither."""
    price, volume = _factors(exchange, bar, adjustment)
    fields = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    prices = {
        name: float(value if price == 1 else (value * price).quantize(PRICE_STEP)) for name, value in fields.items()
    }
    timestamp = bar_time(bar.day).isoformat().replace("+00:00", "Z")
    return {"t": timestamp, **prices, "v": int(bar.volume * volume), "n": None, "vw": None}


def _factors(exchange: Exchange, bar: DailyBar, adjustment: str) -> tuple[Decimal, Decimal]:
    """Factors for prices and volume, from the actions between the bar and the last session, no later."""
    price = volume = Decimal(1)
    paid: dict[date, Decimal] = {}
    for action in exchange.market.actions:
        if action.symbol != bar.symbol or not bar.day < action.ex_date <= exchange.today:
            continue
        if adjustment in {"split", "all"}:
            price /= action.ratio
            volume *= action.ratio
        if adjustment in {"dividend", "all"} and action.amount:
            paid[action.ex_date] = paid.get(action.ex_date, Decimal(0)) + action.amount
    for ex_date, amount in paid.items():
        ex_bar = exchange.bar(bar.symbol, ex_date)
        if ex_bar is not None:
            price *= ex_bar.close / (ex_bar.close + amount)
    return price, volume


def _selected(exchange: Exchange, symbol: str, start: datetime, end: datetime, *, newest_first: bool) -> list[DailyBar]:
    first, last = start.astimezone(NEW_YORK).date(), end.astimezone(NEW_YORK).date()
    days = exchange.calendar.between(first, min(last, exchange.today))
    bars = [exchange.bar(symbol, day) for day in days] if symbol in exchange.market.bars else []
    inside = [bar for bar in bars if bar is not None and start <= bar_time(bar.day) <= end]
    return inside[::-1] if newest_first else inside


def _limit(value: str | None) -> int:
    if value is None:
        return DEFAULT_LIMIT
    if not value.isdigit() or not 1 <= int(value) <= MAX_LIMIT:
        raise BadRequestError(f"invalid limit: {value}")
    return int(value)


def _instant(name: str, value: str | None) -> datetime | None:
    """A date (its midnight in UTC) or an RFC 3339 instant."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise BadRequestError(f"invalid {name}: {value}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _token(symbol: str, bar: DailyBar) -> str:
    return base64.urlsafe_b64encode(f"{symbol}|D|{bar.day.isoformat()}".encode()).decode()


def _offset(token: str | None, wanted: list[tuple[str, DailyBar]]) -> int:
    if not token:
        return 0
    try:
        symbol, _, day = base64.urlsafe_b64decode(token.encode()).decode().split("|")
        last = (symbol, date.fromisoformat(day))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadRequestError(f"invalid page_token: {token}") from None
    for offset, (symbol, bar) in enumerate(wanted):
        if (symbol, bar.day) == last:
            return offset + 1
    raise BadRequestError(f"invalid page_token: {token}")
