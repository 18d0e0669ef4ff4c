"""Exact decimals and the text in which they travel."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Context, Decimal, Inexact

ZERO = Decimal(0)
CENT = Decimal("0.01")
PRICE_STEP = Decimal("0.0001")
QTY_STEP = Decimal("0.000000001")

EXACT = Context(prec=60, traps=[Inexact])
"""Sums and products of money go through this: a rounding that nobody asked for raises."""


def text(value: Decimal) -> str:
    """Plain decimal text: no exponent, no trailing zeros (`100000`, `44.86`, `-0.5`)."""
    if value == 0:
        return "0"
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def times(left: Decimal, right: Decimal) -> Decimal:
    """left · right, exactly."""
    return EXACT.multiply(left, right)


def plus(left: Decimal, right: Decimal) -> Decimal:
    """left + right, exactly."""
    return EXACT.add(left, right)


def tick(price: Decimal) -> Decimal:
    """Smallest price step: a cent from 1.00 USD up, 0.0001 below (Reg NMS, Rule 612)."""
    return CENT if price >= 1 else PRICE_STEP


def down(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of `step` that isn't above `value`."""
    return value.quantize(step, rounding=ROUND_FLOOR)


def up(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of `step` that isn't below `value`."""
    return value.quantize(step, rounding=ROUND_CEILING)


def shares(notional: Decimal, price: Decimal) -> Decimal:
    """How many shares `notional` USD buy at `price`, to 9 decimals, never more than it pays for."""
    return (notional / price).quantize(QTY_STEP, rounding=ROUND_DOWN)
