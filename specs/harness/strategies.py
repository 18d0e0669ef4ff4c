"""Valid worlds for property specs: data that could have happened, and that shrinks to something readable.

Plain data only; a spec builds the kata's own types from it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

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
    """Daily closes in cents: now and then flat for a while first, then a walk in whole percents."""
    price = draw(st.integers(100, 50_000))
    flat = draw(st.integers(0, min(9, max_size - 1)))
    rest = st.lists(st.integers(-8, 8), min_size=max(0, min_size - 1 - flat), max_size=max_size - 1 - flat)
    moves = [0] * flat + draw(rest)
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


def zones() -> st.SearchStrategy[tzinfo]:
    """A time zone: with summer time, without, with odd minutes, half an hour of summer time, UTC."""
    names = ["UTC", "America/New_York", "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "Australia/Lord_Howe"]
    return st.sampled_from(names).map(ZoneInfo)


def shares(*, fractions: bool = True) -> st.SearchStrategy[Decimal]:
    """A number of shares above 0: whole, or with up to nine decimals."""
    whole = st.integers(1, 10**6).map(Decimal)
    parts = st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-9))
    return st.one_of(whole, parts) if fractions else whole


@st.composite
def quotes(draw: st.DrawFn, *, two_sided: bool = False) -> dict[str, Any]:
    """The fields of one quote: normal, locked, crossed, or with an empty side (price 0)."""
    side = prices() if two_sided else st.one_of(prices(), st.just(Decimal(0)))
    bid = draw(side)
    ask = draw(st.one_of(side, st.just(bid)))
    size = st.integers(0, 10_000).map(Decimal)
    return {
        "symbol": draw(symbols()),
        "timestamp": draw(instants()),
        "bid": bid,
        "ask": ask,
        "bid_size": draw(size),
        "ask_size": draw(size),
    }


@st.composite
def order_requests(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of one valid order request, as they are on the wire (`"buy"`, `"stop_limit"`)."""
    kind = draw(st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]))
    duration = draw(st.sampled_from(["day", "gtc", "opg", "cls", "ioc", "fok"]))
    fields: dict[str, Any] = {
        "symbol": draw(symbols()),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "type": kind,
        "time_in_force": duration,
    }
    if duration == "day" and draw(st.booleans()):
        fields["notional"] = draw(prices())
    else:
        fields["qty"] = draw(shares(fractions=duration == "day"))
    if kind in {"limit", "stop_limit"}:
        fields["limit_price"] = draw(prices())
    if kind in {"stop", "stop_limit"}:
        fields["stop_price"] = draw(prices())
    if kind == "trailing_stop":
        fields[draw(st.sampled_from(["trail_price", "trail_percent"]))] = draw(prices(high="50"))
    if kind == "limit" and duration == "day":
        fields["extended_hours"] = draw(st.booleans())
    if draw(st.booleans()):
        fields["client_order_id"] = draw(st.text("abcdefgh-0123456789", min_size=1, max_size=128))
    return fields


ENDED_STATES = ("filled", "canceled", "expired", "replaced", "rejected")
OPEN_STATES = (
    "new",
    "partially_filled",
    "done_for_day",
    "pending_cancel",
    "pending_replace",
    "pending_review",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "stopped",
    "suspended",
    "calculated",
    "held",
)


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of one order as a broker reports it: open or ended, filled to any part that fits its status."""
    asked = draw(order_requests())
    asked.pop("extended_hours", None)
    asked["client_order_id"] = draw(st.uuids()).hex
    status = draw(st.sampled_from([*OPEN_STATES, *ENDED_STATES]))
    size = asked["qty"] if "qty" in asked else asked["notional"]
    if status == "filled":
        filled = size
    elif status in {"new", "accepted", "pending_new", "rejected"}:
        filled = Decimal(0)
    else:
        filled = (size * draw(st.integers(0, 9)) / 10).quantize(Decimal("1E-9"), rounding=ROUND_DOWN)
    submitted = draw(instants())
    return asked | {
        "id": str(draw(st.uuids())),
        "status": status,
        "filled_qty": filled,
        "filled_avg_price": draw(prices()) if filled > 0 else None,
        "submitted_at": submitted,
        "filled_at": submitted + timedelta(seconds=1) if status == "filled" else None,
        "replaced_by": str(draw(st.uuids())) if status == "replaced" else None,
    }


@st.composite
def positions(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of one position: long or short, whole or fractional, with a price or without."""
    sign = draw(st.sampled_from([1, -1]))
    return {
        "symbol": draw(symbols()),
        "qty": sign * draw(shares()),
        "avg_entry_price": draw(prices()),
        "current_price": draw(st.one_of(prices(), st.just(Decimal(0)), st.none())),
    }


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of one account: cash or margin, perhaps in debt, with the day-trade fields or without."""
    fields: dict[str, Any] = {
        "id": str(draw(st.uuids())),
        "status": draw(st.sampled_from(["ACTIVE", "ONBOARDING", "ACCOUNT_CLOSED"])),
        "cash": draw(prices("-100000", "100000")),
        "equity": draw(prices("-1000", "100000")),
        "buying_power": draw(prices("0", "400000")),
        "multiplier": draw(st.sampled_from([Decimal(1), Decimal(2), Decimal(4)])),
    }
    for flag in ("shorting_enabled", "trading_blocked", "account_blocked", "trade_suspended_by_user"):
        fields[flag] = draw(st.booleans())
    if draw(st.booleans()):
        fields |= {"pattern_day_trader": draw(st.booleans()), "daytrade_count": draw(st.integers(0, 9))}
    return fields
