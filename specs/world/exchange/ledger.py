"""Cash and positions: exact decimal accounting, and the margin that Regulation T asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .money import ZERO, plus, times

INITIAL_MARGIN = Decimal("0.5")
"""Regulation T, 12 CFR 220.12: half of a position's value, long or short."""
MAINTENANCE_MARGIN = Decimal("0.3")
SHORT_COLLATERAL = Decimal("1.5")
"""A short ties up its proceeds and half as much again."""


@dataclass(slots=True)
class Holding:
    """A position: signed shares (short < 0) and the average price at which they were opened, USD."""

    qty: Decimal
    average: Decimal


@dataclass
class Ledger:
    """Cash (USD, includes the proceeds of shorts), holdings and the last close of every symbol held."""

    cash: Decimal
    holdings: dict[str, Holding] = field(default_factory=dict[str, Holding])
    prices: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    commissions: Decimal = ZERO
    dividends: Decimal = ZERO

    def qty(self, symbol: str) -> Decimal:
        """Signed shares held, 0 for none."""
        holding = self.holdings.get(symbol)
        return holding.qty if holding else ZERO

    def trade(self, symbol: str, qty: Decimal, price: Decimal, commission: Decimal) -> None:
        """Book an execution: `qty` > 0 bought, < 0 sold; commission ≥ 0 is paid either way."""
        self.cash = plus(self.cash, plus(times(qty, price), commission).copy_negate())
        self.commissions = plus(self.commissions, commission)
        old = self.holdings.get(symbol)
        if old is None:
            self.holdings[symbol] = Holding(qty, price)
            return
        total = plus(old.qty, qty)
        if total == 0:
            del self.holdings[symbol]
        elif (old.qty > 0) != (total > 0):
            self.holdings[symbol] = Holding(total, price)
        elif (qty > 0) == (old.qty > 0):
            self.holdings[symbol] = Holding(total, (old.qty * old.average + qty * price) / total)
        else:
            self.holdings[symbol] = Holding(total, old.average)

    def split(self, symbol: str, ratio: Decimal) -> None:
        """`ratio` new shares for every old one; the value stays."""
        holding = self.holdings.get(symbol)
        if holding is not None:
            self.holdings[symbol] = Holding(times(holding.qty, ratio), holding.average / ratio)
        if symbol in self.prices:
            self.prices[symbol] /= ratio

    def dividend(self, symbol: str, amount: Decimal) -> Decimal:
        """Pay `amount` USD per share to a long, charge it to a short. Returns what was paid (signed)."""
        paid = times(self.qty(symbol), amount)
        self.cash = plus(self.cash, paid)
        self.dividends = plus(self.dividends, paid)
        return paid

    @property
    def long_value(self) -> Decimal:
        return self._value(1)

    @property
    def short_value(self) -> Decimal:
        """Value of the shorts, ≤ 0."""
        return self._value(-1)

    @property
    def equity(self) -> Decimal:
        """cash + Σ qty · price, exactly."""
        return plus(self.cash, plus(self.long_value, self.short_value))

    @property
    def initial_margin(self) -> Decimal:
        return times(self.long_value - self.short_value, INITIAL_MARGIN)

    @property
    def maintenance_margin(self) -> Decimal:
        return times(self.long_value - self.short_value, MAINTENANCE_MARGIN)

    @property
    def free_cash(self) -> Decimal:
        """Cash that no short ties up, never below 0."""
        return max(plus(self.cash, times(self.short_value, SHORT_COLLATERAL)), ZERO)

    def buying_power(self, multiplier: int, held: Decimal) -> Decimal:
        """USD of new positions that the account may open; `held` is tied up by open orders.

        A cash account (multiplier 1) spends its cash. A margin account spends its equity above the
        initial margin, `multiplier` times over. Never below 0.
        """
        free = self.free_cash if multiplier == 1 else (self.equity - self.initial_margin) * multiplier
        return max(plus(free, held.copy_negate()), ZERO)

    def _value(self, sign: int) -> Decimal:
        total = ZERO
        for symbol, holding in self.holdings.items():
            if (holding.qty > 0) == (sign > 0):
                total = plus(total, times(holding.qty, self.prices[symbol]))
        return total
