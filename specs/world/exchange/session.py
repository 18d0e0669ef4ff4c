"""One trading session: corporate actions, the open, what trades in the bar, the close, expiries."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ..market import DailyBar
from . import calendar, wire
from .matching import AT_THE_OPEN, match
from .money import ZERO, plus, shares, times
from .orders import Fill, Order
from .terms import STOP_KINDS

if TYPE_CHECKING:
    from .core import Exchange


def play(exchange: Exchange, day: date) -> None:
    """Play `day` on the exchange. The caller holds its lock."""
    opened, closed = calendar.opens(day), calendar.closes(day)
    _corporate_actions(exchange, day)
    for order in exchange.open_orders:
        if order.status == "accepted":
            order.status = "partially_filled" if order.filled_qty else "new"
            order.updated_at = exchange.stamp(opened)
            exchange.tell(wire.update("new", order, order.updated_at, exchange.new_id("execution")))
    room = _room(exchange, day)
    for order in sorted(exchange.open_orders, key=_turn):
        bar = exchange.bar(order.terms.symbol, day)
        if bar is not None:
            at = closed if order.terms.time_in_force == "cls" else opened
            _trade(exchange, order, bar, room, at)
            order.trail(bar.high, bar.low)
    for symbol in exchange.market.symbols:
        bar = exchange.bar(symbol, day)
        if bar is not None:
            exchange.mark(symbol, bar.close)
    for order in exchange.open_orders:
        if order.terms.time_in_force == "day":
            exchange.finish(order, "expired", "expired_at", closed)
        elif order.terms.time_in_force != "gtc":
            at = closed if order.terms.time_in_force == "cls" else opened
            exchange.finish(order, "canceled", "canceled_at", at)


def _corporate_actions(exchange: Exchange, day: date) -> None:
    today = [action for action in exchange.market.actions if action.ex_date == day]
    # Splits first: a dividend is counted in the shares of its ex-date.
    for action in today:
        if action.ratio != 1:
            exchange.ledger.split(action.symbol, action.ratio)
            for order in exchange.open_orders:
                if order.terms.symbol == action.symbol:
                    order.split(action.ratio)
    for action in today:
        exchange.ledger.dividend(action.symbol, action.amount)


def _room(exchange: Exchange, day: date) -> dict[str, Decimal]:
    """Shares that our orders may take together, by symbol."""
    room: dict[str, Decimal] = {}
    for symbol in exchange.market.symbols:
        bar = exchange.bar(symbol, day)
        if bar is not None:
            room[symbol] = exchange.costs.capacity(bar.volume)
    return room


def _turn(order: Order) -> tuple[int, int]:
    """When an order's turn comes: at the open, then stops before limits (the worse reading), at the close."""
    terms = order.terms
    if terms.time_in_force == "cls":
        rank = 3
    elif terms.time_in_force in AT_THE_OPEN or terms.kind == "market":
        rank = 0
    else:
        rank = 1 if terms.kind in STOP_KINDS else 2
    return rank, order.sequence


def _trade(exchange: Exchange, order: Order, bar: DailyBar, room: dict[str, Decimal], at: datetime) -> None:
    result = match(order.ask, bar, exchange.costs)
    order.triggered = result.triggered
    if result.price is None:
        return
    wanted = _wanted(exchange, order, result.price)
    qty = min(wanted, room[bar.symbol])
    if qty <= 0 or (order.terms.time_in_force == "fok" and qty < wanted):
        return
    room[bar.symbol] -= qty
    slippage = times(qty, result.slipped)
    _book(exchange, order, qty, result.price, slippage, at, complete=qty == wanted)


def _wanted(exchange: Exchange, order: Order, price: Decimal) -> Decimal:
    if order.terms.notional is None:
        return order.remaining
    rest = plus(order.terms.notional, order.filled_value.copy_negate())
    wanted = shares(rest, price)
    if order.terms.side == "sell":
        wanted = min(wanted, max(exchange.ledger.qty(order.terms.symbol), ZERO))
    return wanted


def _book(
    exchange: Exchange,
    order: Order,
    qty: Decimal,
    price: Decimal,
    slippage: Decimal,
    at: datetime,
    *,
    complete: bool,
) -> None:
    terms, ledger = order.terms, exchange.ledger
    commission = exchange.costs.commission(qty, price)
    ledger.trade(terms.symbol, qty if terms.side == "buy" else qty.copy_negate(), price, commission)
    ledger.prices[terms.symbol] = price
    order.filled_qty = plus(order.filled_qty, qty)
    order.filled_value = plus(order.filled_value, times(qty, price))
    order.status = "filled" if complete else "partially_filled"
    order.updated_at = exchange.stamp(at)
    if complete:
        order.stamps["filled_at"] = order.updated_at
    fill = Fill(
        id=exchange.new_id("execution"),
        order_id=order.id,
        client_order_id=order.client_order_id,
        symbol=terms.symbol,
        side=terms.side,
        qty=qty,
        price=price,
        commission=commission,
        slippage=slippage,
        at=order.updated_at,
        position_qty=ledger.qty(terms.symbol),
    )
    exchange.fills.append(fill)
    exchange.tell(wire.update("fill" if complete else "partial_fill", order, fill.at, fill.id, fill))
