"""The exchange's state and what clients may do to it. Sessions are played in `session.py`."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from ..market import DailyBar, Market
from . import checks, rejects, session, wire
from .calendar import Calendar, orders_by
from .ledger import Ledger
from .matching import Costs
from .money import ZERO
from .orders import Fill, Order, Status, changed
from .terms import Terms, number, parse, validate

Listener = Callable[[dict[str, Any]], None]


class EndOfDataError(LookupError):
    """There is no session after this one."""


class Exchange:
    """A paper exchange and broker for one account. Thread-safe and deterministic: same calls, same state.

    Parameters
    ----------
    market
        Bars and corporate actions to trade on.
    as_of
        The last session whose bars are known at the start. Orders placed now trade in the next one.
    cash
        USD at the start.
    costs
        Slippage, commission and the share of volume that orders may take.
    multiplier
        2 for a margin account under Regulation T, 1 for a cash account, which can't sell short.
    key, secret
        What clients must send.
    seed
        Ids are derived from it, so two exchanges with one seed number their orders alike.

    Raises ValueError if `as_of` is no session, or cash or multiplier make no account.
    """

    def __init__(
        self,
        market: Market,
        *,
        as_of: date,
        cash: Decimal = Decimal(100_000),
        costs: Costs | None = None,
        multiplier: Literal[1, 2] = 2,
        key: str = "paper-key",
        secret: str = "paper-secret",
        seed: str = "paper",
    ) -> None:
        self.market = market
        self.calendar = Calendar(bar.day for bars in market.bars.values() for bar in bars)
        if as_of not in self.calendar:
            raise ValueError(f"as_of: {as_of} is no session")
        if cash < 0:
            raise ValueError(f"cash must not be negative: {cash}")
        if multiplier not in {1, 2}:
            raise ValueError(f"multiplier must be 1 or 2: {multiplier}")
        self.costs = costs or Costs()
        self.multiplier = multiplier
        self.key, self.secret, self.seed = key, secret, seed
        self.today = as_of
        self.ledger = Ledger(cash)
        self.last_equity = cash
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.events: list[dict[str, Any]] = []
        self.lock = threading.RLock()
        self._by_client_id: dict[str, Order] = {}
        self._listeners: list[Listener] = []
        self._bars = {symbol: {bar.day: bar for bar in bars} for symbol, bars in market.bars.items()}
        self._last_close: dict[str, Decimal] = {}
        self._ids = 0
        self._ticks = 0
        for symbol, bars in market.bars.items():
            for bar in bars:
                if bar.day > as_of:
                    break
                self._last_close[symbol] = bar.close
        self.account_id = self.new_id("account")
        self.created_at = self.now

    # -- time ---------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The simulated instant (UTC): the morning of the next session, before its open."""
        return orders_by(self.calendar.after(self.today))

    def advance(self) -> date:
        """Play the next session: corporate actions, open, fills, close, expiries. Returns its day.

        Raises EndOfDataError when the recorded market is over.
        """
        with self.lock:
            day = self.calendar.after(self.today)
            if day not in self.calendar:
                raise EndOfDataError(f"the recorded market ends on {self.today}")
            self.last_equity = self.ledger.equity
            session.play(self, day)
            self.today = day
            self._ticks = 0
            return day

    def stamp(self, instant: datetime | None = None) -> datetime:
        """A timestamp no two events of a session share: the instant plus a running microsecond."""
        self._ticks += 1
        return (instant or self.now) + timedelta(microseconds=self._ticks)

    def new_id(self, kind: str) -> str:
        """The next id of this exchange, a UUID that depends on the seed and the count alone."""
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.seed}/{kind}/{self._ids}"))

    # -- market -------------------------------------------------------------------------------------

    def is_listed(self, symbol: str) -> bool:
        """Whether the symbol has traded: without a last price an order's cost can't be checked."""
        return symbol in self._last_close

    def bar(self, symbol: str, day: date) -> DailyBar | None:
        return self._bars[symbol].get(day)

    def last_close(self, symbol: str) -> Decimal | None:
        """The last known close, unadjusted; None before the first."""
        return self._last_close.get(symbol)

    def mark(self, symbol: str, close: Decimal) -> None:
        """Take a new last close and value the position with it."""
        self._last_close[symbol] = close
        if symbol in self.ledger.holdings:
            self.ledger.prices[symbol] = close

    # -- orders -------------------------------------------------------------------------------------

    @property
    def open_orders(self) -> list[Order]:
        """Open orders in the order of their arrival."""
        return [order for order in self.orders.values() if order.is_open]

    def order(self, order_id: str) -> Order:
        """Raises RejectError (404) for an unknown id."""
        with self.lock:
            if order_id not in self.orders:
                raise rejects.not_found(f"order not found for {order_id}")
            return self.orders[order_id]

    def order_by_client_id(self, client_order_id: str) -> Order:
        """Raises RejectError (404) for an unknown id."""
        with self.lock:
            if client_order_id not in self._by_client_id:
                raise rejects.not_found(f"order not found for {client_order_id}")
            return self._by_client_id[client_order_id]

    def submit(self, body: Mapping[str, Any]) -> Order:
        """Accept an order for the next session. Raises RejectError (403, 422) as the real service would."""
        with self.lock:
            terms = parse(body)
            self._check_client_id(terms.client_order_id)
            checks.admit(self, terms)
            return self._enter(terms)

    def replace(self, order_id: str, body: Mapping[str, Any]) -> Order:
        """Replace an open order by one with other terms; `qty` is the new total, filled shares included.

        Raises RejectError (404, 403, 422); then the old order stands as it was.
        """
        with self.lock:
            old = self._open(order_id)
            trail = number(body, "trail")
            by_price = old.terms.trail_price is not None
            terms = changed(
                old,
                qty=number(body, "qty"),
                limit_price=number(body, "limit_price"),
                stop_price=number(body, "stop_price"),
                trail_price=trail if by_price else None,
                trail_percent=None if by_price else trail,
                time_in_force=body.get("time_in_force"),
            )
            terms = replace(terms, client_order_id=body.get("client_order_id"))
            validate(terms)
            self._check_client_id(terms.client_order_id)
            checks.admit(self, terms, instead_of=old)
            new = self._enter(terms, instead_of=old)
            old.replaced_by = new.id
            self.finish(old, "replaced", "replaced_at")
            return new

    def cancel(self, order_id: str) -> None:
        """Raises RejectError: 404 for an unknown order, 422 for one that is no longer open."""
        with self.lock:
            self.finish(self._open(order_id), "canceled", "canceled_at")

    def close_position(self, symbol: str, qty: Decimal | None = None) -> Order:
        """Close `qty` shares of the position, or all of it, at the market. Raises RejectError (404, 403)."""
        with self.lock:
            held = self.ledger.qty(symbol)
            if held == 0:
                raise rejects.not_found("position does not exist")
            side = "sell" if held > 0 else "buy"
            size = abs(held) if qty is None else qty
            return self.submit({"symbol": symbol, "side": side, "type": "market", "time_in_force": "day", "qty": size})

    def finish(self, order: Order, status: Status, stamp: str, at: datetime | None = None) -> None:
        """Close an order that will not trade any more."""
        order.status = status
        order.updated_at = order.stamps[stamp] = self.stamp(at)
        self.tell(wire.update(status, order, order.updated_at, self.new_id("execution")))

    # -- updates ------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every trade update from now on. Returns what ends it."""
        with self.lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    # -- inside -------------------------------------------------------------------------------------

    def _open(self, order_id: str) -> Order:
        order = self.order(order_id)
        if not order.is_open:
            raise rejects.unprocessable(f'order is already in "{order.status}" state')
        return order

    def _check_client_id(self, client_order_id: str | None) -> None:
        if client_order_id in self._by_client_id:
            raise rejects.invalid("client_order_id must be unique")

    def _enter(self, terms: Terms, instead_of: Order | None = None) -> Order:
        at = self.stamp()
        order = Order(
            id=self.new_id("order"),
            client_order_id=terms.client_order_id or self.new_id("client"),
            sequence=len(self.orders) + 1,
            terms=terms,
            intent=checks.intent(self.ledger.qty(terms.symbol), terms.side),
            submitted_at=at,
            updated_at=at,
        )
        if terms.kind == "trailing_stop":
            order.hwm = self.last_close(terms.symbol)
        if instead_of is not None:
            order.replaces = instead_of.id
            order.filled_qty, order.filled_value = instead_of.filled_qty, instead_of.filled_value
            order.hwm = instead_of.hwm
        self.orders[order.id] = order
        self._by_client_id[order.client_order_id] = order
        self.tell(wire.update("accepted", order, at, self.new_id("execution")))
        return order

    @property
    def held(self) -> Decimal:
        """USD of buying power that open orders tie up."""
        return sum((checks.cost_basis(self, order) for order in self.open_orders), ZERO)

    @property
    def buying_power(self) -> Decimal:
        return self.ledger.buying_power(self.multiplier, self.held)
