"""An order on its way: its terms, what was filled so far, and when things happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from .matching import Ask
from .money import PRICE_STEP, ZERO, down, plus, text, tick, times, up
from .rejects import invalid
from .terms import Terms

Status = Literal["accepted", "new", "partially_filled", "filled", "canceled", "expired", "replaced", "rejected"]
OPEN: frozenset[str] = frozenset({"accepted", "new", "partially_filled"})


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution: positive shares at a price in USD, and what it cost: commission and slippage, ≥ 0."""

    id: str
    order_id: str
    client_order_id: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    commission: Decimal
    slippage: Decimal
    at: datetime
    position_qty: Decimal


@dataclass
class Order:
    """One order's state. `filled_value` is Σ qty · price of its executions, `hwm` a trailing stop's mark."""

    id: str
    client_order_id: str
    sequence: int
    terms: Terms
    intent: str
    submitted_at: datetime
    updated_at: datetime
    status: Status = "accepted"
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    hwm: Decimal | None = None
    triggered: bool = False
    stamps: dict[str, datetime] = field(default_factory=dict[str, datetime])
    replaces: str | None = None
    replaced_by: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def remaining(self) -> Decimal:
        """Shares not yet filled; 0 for a notional order, whose size is in USD."""
        return ZERO if self.terms.qty is None else plus(self.terms.qty, self.filled_qty.copy_negate())

    @property
    def average(self) -> Decimal | None:
        """Average fill price, None before the first fill."""
        return self.filled_value / self.filled_qty if self.filled_qty else None

    @property
    def stop_price(self) -> Decimal | None:
        """The stop in force: fixed, or for a trailing stop the mark less (sell) or plus (buy) the trail."""
        terms = self.terms
        if self.hwm is None:
            return terms.stop_price
        trail = terms.trail_price
        if trail is None:
            trail = self.hwm * (terms.trail_percent or ZERO) / 100
        stop = self.hwm - trail if terms.side == "sell" else self.hwm + trail
        stop = max(stop, PRICE_STEP)
        return up(stop, tick(stop)) if terms.side == "buy" else down(stop, tick(stop))

    @property
    def ask(self) -> Ask:
        terms = self.terms
        return Ask(terms.side, terms.kind, terms.time_in_force, terms.limit_price, self.stop_price, self.triggered)

    def trail(self, high: Decimal, low: Decimal) -> None:
        """Move a trailing stop's mark after a bar; it never loosens."""
        if self.hwm is not None and not self.triggered:
            self.hwm = max(self.hwm, high) if self.terms.side == "sell" else min(self.hwm, low)

    def split(self, ratio: Decimal) -> None:
        """Restate the order in new shares: sizes times, prices divided by `ratio`.

        Prices land on the tick that is kinder to nobody: buy limits and sell stops go down, the
        others up (FINRA Rule 5330).
        """
        terms = self.terms
        self.filled_qty = times(self.filled_qty, ratio)
        if self.hwm is not None:
            self.hwm = self.hwm / ratio
        buying = terms.side == "buy"
        self.terms = replace(
            terms,
            qty=None if terms.qty is None else times(terms.qty, ratio),
            limit_price=_restated(terms.limit_price, ratio, lower=buying),
            stop_price=_restated(terms.stop_price, ratio, lower=not buying),
            trail_price=_restated(terms.trail_price, ratio, lower=False),
        )


def _restated(price: Decimal | None, ratio: Decimal, *, lower: bool) -> Decimal | None:
    if price is None:
        return None
    new = price / ratio
    step = tick(new)
    return max(down(new, step), step) if lower else up(new, step)


def changed(order: Order, **changes: Decimal | str | None) -> Terms:
    """The terms of the order that replaces `order`. Raises RejectError (422) for an unusable size."""
    qty = changes.get("qty")
    if isinstance(qty, Decimal) and qty <= order.filled_qty:
        raise invalid(f"qty must be > filled_qty ({text(order.filled_qty)})")
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(order.terms, **given)  # type: ignore[arg-type]
