"""Refusals with the status and the body that Alpaca's trading API sends for them."""

from __future__ import annotations

from decimal import Decimal

from .money import text


class RejectError(Exception):
    """A request that the exchange refuses: HTTP `status` and JSON `body`."""

    def __init__(self, status: int, code: int, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, str | int] = {**details, "code": code, "message": message}


def invalid(message: str) -> RejectError:
    """The request doesn't parse: a field is missing, too much, or of the wrong kind."""
    return RejectError(422, 40010001, message)


def unprocessable(message: str) -> RejectError:
    """The request parses, and breaks a rule of the exchange."""
    return RejectError(422, 42210000, message)


def unauthorized() -> RejectError:
    return RejectError(401, 40110000, "request is not authorized")


def not_found(message: str) -> RejectError:
    return RejectError(404, 40410000, message)


def forbidden(message: str) -> RejectError:
    return RejectError(403, 40310000, message)


def insufficient_buying_power(buying_power: Decimal, cost_basis: Decimal) -> RejectError:
    return RejectError(
        403,
        40310000,
        "insufficient buying power",
        buying_power=text(buying_power),
        cost_basis=text(cost_basis),
    )


def insufficient_qty(symbol: str, requested: Decimal, existing: Decimal, held: Decimal) -> RejectError:
    """More shares than the position has free; quantities are positive, also for a short."""
    available = text(max(existing - held, Decimal(0)))
    return RejectError(
        403,
        40310000,
        f"insufficient qty available for order (requested: {text(requested)}, available: {available})",
        available=available,
        existing_qty=text(existing),
        held_for_orders=text(held),
        symbol=symbol,
    )
