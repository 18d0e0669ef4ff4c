"""JSON as Alpaca's trading API sends it: numbers of money and shares are strings, absent is null."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import calendar
from .money import ZERO, text
from .orders import Fill, Order

if TYPE_CHECKING:
    from .core import Exchange

Json = dict[str, Any]

NAMES = {
    "AAPL": ("Apple Inc. Common Stock", "NASDAQ"),
    "FB": ("Facebook, Inc. Class A Common Stock", "NASDAQ"),
    "GOOG": ("Google Inc. Class A Common Stock", "NASDAQ"),
    "IBM": ("International Business Machines Corporation Common Stock", "NYSE"),
    "MSFT": ("Microsoft Corporation Common Stock", "NASDAQ"),
}
RATIO_STEP = Decimal("0.000000000000001")


def asset_id(symbol: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"asset/{symbol}"))


def instant(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, with microseconds when there are any."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def maybe(value: Decimal | None) -> str | None:
    return None if value is None else text(value)


def account(exchange: Exchange) -> Json:
    """`GET /v2/account`. The day-trade fields are gone from the service since July 2026."""
    ledger, power = exchange.ledger, text(exchange.buying_power)
    return {
        "id": exchange.account_id,
        "admin_configurations": {},
        "user_configurations": None,
        "account_number": "PA" + exchange.account_id[:8].upper(),
        "status": "ACTIVE",
        "crypto_status": "INACTIVE",
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": power,
        "effective_buying_power": power,
        "non_marginable_buying_power": text(max(ledger.free_cash - exchange.held, ZERO)),
        "options_buying_power": "0",
        "bod_dtbp": "0",
        "cash": text(ledger.cash),
        "accrued_fees": "0",
        "portfolio_value": text(ledger.equity),
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "created_at": instant(exchange.created_at),
        "trade_suspended_by_user": False,
        "multiplier": str(exchange.multiplier),
        "shorting_enabled": exchange.multiplier > 1,
        "equity": text(ledger.equity),
        "last_equity": text(exchange.last_equity),
        "long_market_value": text(ledger.long_value),
        "short_market_value": text(ledger.short_value),
        "position_market_value": text(ledger.long_value - ledger.short_value),
        "initial_margin": text(ledger.initial_margin),
        "maintenance_margin": text(ledger.maintenance_margin),
        "last_maintenance_margin": text(ledger.maintenance_margin),
        "sma": "0",
        "balance_asof": exchange.today.isoformat(),
    }


def order(value: Order) -> Json:
    """One order, as every order route and every trade update shows it."""
    terms, stamps = value.terms, value.stamps
    average = value.average
    return {
        "id": value.id,
        "client_order_id": value.client_order_id,
        "created_at": instant(value.submitted_at),
        "updated_at": instant(value.updated_at),
        "submitted_at": instant(value.submitted_at),
        "filled_at": instant(stamps.get("filled_at")),
        "expired_at": instant(stamps.get("expired_at")),
        "canceled_at": instant(stamps.get("canceled_at")),
        "failed_at": None,
        "replaced_at": instant(stamps.get("replaced_at")),
        "replaced_by": value.replaced_by,
        "replaces": value.replaces,
        "asset_id": asset_id(terms.symbol),
        "symbol": terms.symbol,
        "asset_class": "us_equity",
        "notional": maybe(terms.notional),
        "qty": maybe(terms.qty),
        "filled_qty": text(value.filled_qty),
        "filled_avg_price": None if average is None else text(round(average, 9)),
        "order_class": "",
        "order_type": terms.kind,
        "type": terms.kind,
        "side": terms.side,
        "position_intent": value.intent,
        "time_in_force": terms.time_in_force,
        "limit_price": maybe(terms.limit_price),
        "stop_price": maybe(value.stop_price),
        "status": value.status,
        "extended_hours": terms.extended_hours,
        "legs": None,
        "trail_percent": maybe(terms.trail_percent),
        "trail_price": maybe(terms.trail_price),
        "hwm": maybe(value.hwm),
        "subtag": None,
        "source": None,
    }


def update(event: str, of: Order, at: datetime, execution_id: str, fill: Fill | None = None) -> Json:
    """A `trade_updates` frame. `order.filled_qty` is cumulative, the frame's own `qty` this execution's."""
    data: Json = {
        "event": event,
        "execution_id": execution_id,
        "timestamp": instant(at),
        "order": order(of),
    }
    if fill is not None:
        data["price"] = text(fill.price)
        data["qty"] = text(fill.qty)
        data["position_qty"] = text(fill.position_qty)
    return {"stream": "trade_updates", "data": data}


def position(exchange: Exchange, symbol: str) -> Json:
    """One position; a short has negative quantity, value and cost basis."""
    ledger = exchange.ledger
    holding = ledger.holdings[symbol]
    price = ledger.prices[symbol]
    before = _previous_close(exchange, symbol)
    average = round(holding.average, 9)
    basis, value = holding.qty * average, holding.qty * price
    today = holding.qty * (price - before)
    closing = "sell" if holding.qty > 0 else "buy"
    held = sum(
        (o.remaining for o in exchange.open_orders if o.terms.symbol == symbol and o.terms.side == closing),
        ZERO,
    )
    return {
        "asset_id": asset_id(symbol),
        "symbol": symbol,
        "exchange": NAMES.get(symbol, ("", "NASDAQ"))[1],
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": text(holding.qty),
        "avg_entry_price": text(average),
        "side": "long" if holding.qty > 0 else "short",
        "market_value": text(value),
        "cost_basis": text(basis),
        "unrealized_pl": text(value - basis),
        "unrealized_plpc": _ratio(value - basis, abs(basis)),
        "unrealized_intraday_pl": text(today),
        "unrealized_intraday_plpc": _ratio(today, abs(holding.qty * before)),
        "current_price": text(price),
        "lastday_price": text(before),
        "change_today": _ratio(price - before, before),
        "qty_available": text(holding.qty - held if holding.qty > 0 else holding.qty + held),
    }


def asset(symbol: str) -> Json:
    name, venue = NAMES.get(symbol, (symbol, "NASDAQ"))
    return {
        "id": asset_id(symbol),
        "class": "us_equity",
        "exchange": venue,
        "symbol": symbol,
        "name": name,
        "status": "active",
        "tradable": True,
        "marginable": True,
        "maintenance_margin_requirement": 30,
        "shortable": True,
        "easy_to_borrow": True,
        "fractionable": True,
        "attributes": [],
    }


def clock(exchange: Exchange) -> Json:
    """The market is always closed when a client looks: sessions happen inside `advance`."""
    following = exchange.calendar.after(exchange.today)
    return {
        "timestamp": exchange.now.astimezone(calendar.NEW_YORK).isoformat(),
        "is_open": False,
        "next_open": calendar.opens(following).isoformat(),
        "next_close": calendar.closes(following).isoformat(),
    }


def session_day(day: date) -> Json:
    """One entry of `GET /v2/calendar`, in New York time."""
    return {
        "date": day.isoformat(),
        "open": f"{calendar.opens(day):%H:%M}",
        "close": f"{calendar.closes(day):%H:%M}",
        "session_open": "0400",
        "session_close": "2000",
    }


def _previous_close(exchange: Exchange, symbol: str) -> Decimal:
    """The close before today's, in today's shares; today's if there is none."""
    price = exchange.ledger.prices[symbol]
    before = exchange.calendar.between(date.min, exchange.today)[:-1]
    bar = exchange.bar(symbol, before[-1]) if before else None
    if bar is None:
        return price
    ratio = Decimal(1)
    for action in exchange.market.actions:
        if action.symbol == symbol and action.ex_date == exchange.today:
            ratio *= action.ratio
    return bar.close / ratio


def _ratio(part: Decimal, whole: Decimal) -> str:
    return "0" if whole == 0 else text((part / whole).quantize(RATIO_STEP))
