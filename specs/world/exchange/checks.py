"""What an order must pass before it is accepted: listing, free shares, wash trades, buying power."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from . import rejects
from .money import ZERO, times
from .orders import Order
from .terms import Terms

if TYPE_CHECKING:
    from .core import Exchange

SHORT_BUFFER = Decimal("1.03")
"""A short order is held at 3 % above the last price, since the price may rise before it trades."""


def admit(exchange: Exchange, terms: Terms, instead_of: Order | None = None) -> None:
    """Raises RejectError (422, 403) unless the account may place this order now.

    `instead_of` is the order that it would replace: that one's shares and buying power count as free.
    """
    if not exchange.is_listed(terms.symbol):
        raise rejects.unprocessable(f'asset "{terms.symbol}" not found')
    others = [order for order in exchange.open_orders if order is not instead_of]
    _check_wash_trade(terms, [order for order in others if order.terms.symbol == terms.symbol])
    position = exchange.ledger.qty(terms.symbol)
    if _closes(position, terms.side):
        _check_free_shares(terms, position, others, filled=instead_of.filled_qty if instead_of else ZERO)
        return
    if terms.side == "sell":
        if exchange.multiplier == 1:
            raise rejects.forbidden("account is not allowed to short")
        if terms.is_fractional:
            raise rejects.unprocessable("fractional orders cannot be sold short")
    filled = instead_of.filled_qty if instead_of else ZERO
    needed = value(exchange, terms, filled)
    held = sum((cost_basis(exchange, order) for order in others), ZERO)
    available = exchange.ledger.buying_power(exchange.multiplier, held)
    if needed > available:
        raise rejects.insufficient_buying_power(available, needed)


def cost_basis(exchange: Exchange, order: Order) -> Decimal:
    """USD of buying power that an open order ties up; 0 for one that closes a position."""
    if _closes(exchange.ledger.qty(order.terms.symbol), order.terms.side):
        return ZERO
    return value(exchange, order.terms, order.filled_qty)


def value(exchange: Exchange, terms: Terms, filled: Decimal = ZERO) -> Decimal:
    """USD that the rest of an order is worth: at its own price, else at the last close."""
    if terms.notional is not None:
        return terms.notional
    price = exchange.last_close(terms.symbol) or ZERO
    if terms.side == "sell":
        price = max(times(price, SHORT_BUFFER), terms.limit_price or ZERO)
    elif terms.limit_price is not None:
        price = terms.limit_price
    elif terms.stop_price is not None:
        price = max(price, terms.stop_price)
    return times((terms.qty or ZERO) - filled, price)


def intent(position: Decimal, side: str) -> str:
    """Alpaca's `position_intent`: does the order open or close, given the signed position."""
    if side == "buy":
        return "buy_to_close" if position < 0 else "buy_to_open"
    return "sell_to_close" if position > 0 else "sell_to_open"


def _closes(position: Decimal, side: str) -> bool:
    return position > 0 if side == "sell" else position < 0


def _check_free_shares(terms: Terms, position: Decimal, others: list[Order], filled: Decimal) -> None:
    """One order can't turn a position round: it closes at most the shares that no other order holds."""
    held = sum((o.remaining for o in others if o.terms.symbol == terms.symbol and o.terms.side == terms.side), ZERO)
    requested = ZERO if terms.qty is None else terms.qty - filled
    free = abs(position) - held
    if requested > free or free <= 0:
        raise rejects.insufficient_qty(terms.symbol, requested, abs(position), held)


def _check_wash_trade(terms: Terms, others: list[Order]) -> None:
    """Refuse an order that could trade against another open order of the same account.

    Two limit orders may stand on opposite sides as long as they don't cross; anything else may not.
    """
    for other in others:
        if other.terms.side == terms.side:
            continue
        both = (terms, other.terms) if terms.side == "buy" else (other.terms, terms)
        buy, sell = (side.limit_price if side.kind == "limit" else None for side in both)
        if buy is None or sell is None or buy >= sell:
            raise rejects.unprocessable("potential wash trade detected. use complex orders")
