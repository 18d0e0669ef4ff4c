"""At which price one order trades in one daily bar, if at all. Pure functions, no state.

A bar gives four prices and no path between them. Where the path matters, the order gets the worse
of the readings, so a backtest on this exchange is never flattered.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ..market import DailyBar
from .money import CENT, PRICE_STEP, ZERO, down, times, up
from .terms import STOP_KINDS, Side

AT_THE_OPEN: frozenset[str] = frozenset({"opg", "ioc", "fok"})
"""Orders that trade at the open or not at all: they reach the exchange before it."""


@dataclass(frozen=True)
class Costs:
    """What trading costs. Every part is a cost on both sides and never improves a price.

    `slippage_bps` and `commission_bps` are basis points of the price and of the traded value,
    `commission_per_share` is USD, `volume_share` the part of a bar's volume that our orders may take.
    """

    slippage_bps: Decimal = Decimal(5)
    commission_bps: Decimal = ZERO
    commission_per_share: Decimal = Decimal("0.005")
    volume_share: Decimal = Decimal("0.1")

    def __post_init__(self) -> None:
        for name in ("slippage_bps", "commission_bps", "commission_per_share"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative: {getattr(self, name)}")
        if not 0 < self.volume_share <= 1:
            raise ValueError(f"volume_share must be in (0, 1]: {self.volume_share}")

    def slipped(self, price: Decimal, side: Side) -> Decimal:
        """The price that a taker gets: higher for a buy, lower for a sell, in steps of 0.0001 USD."""
        move = times(price, self.slippage_bps) / 10_000
        if side == "buy":
            return up(price + move, PRICE_STEP)
        return max(down(price - move, PRICE_STEP), PRICE_STEP)

    def commission(self, qty: Decimal, price: Decimal) -> Decimal:
        """USD for one execution, rounded up to the cent; qty is positive."""
        value = times(times(qty, price), self.commission_bps) / 10_000
        return up(value + times(qty, self.commission_per_share), CENT)

    def capacity(self, volume: Decimal) -> Decimal:
        """Whole shares of a bar's volume that our orders may take together."""
        return times(volume, self.volume_share).quantize(Decimal(1), rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Ask:
    """The part of an order that decides its price. `stop_price` is the trailing stop's current one."""

    side: Side
    kind: str
    time_in_force: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    triggered: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """`price` in USD per share, None if the order doesn't trade; `triggered` once a stop has fired.

    `slipped` is how much worse the price is than without slippage, ≥ 0.
    """

    price: Decimal | None
    triggered: bool = False
    slipped: Decimal = ZERO


def match(ask: Ask, bar: DailyBar, costs: Costs) -> Match:
    """Where `ask` trades in `bar`.

    market      the open, slipped
    limit       the open slipped if it's already at the limit or better, else the limit if the bar
                reaches it; never worse than the limit
    stop        once the bar reaches the stop: the worse of stop and open, slipped
    stop_limit  the same, within the limit; after a gap beyond the limit, the limit if the bar comes back
    cls         the close instead of the open, and nothing before it
    """
    if ask.kind in STOP_KINDS and not ask.triggered:
        return _stop(ask, bar, costs)
    reference = bar.close if ask.time_in_force == "cls" else bar.open
    if ask.limit_price is None:
        return _taken(reference, ask, costs, ask.triggered)
    if _within(reference, ask.limit_price, ask.side):
        return _taken(reference, ask, costs, ask.triggered)
    one_price = ask.time_in_force == "cls" or ask.time_in_force in AT_THE_OPEN
    if not one_price and _reaches_limit(bar, ask.limit_price, ask.side):
        return Match(ask.limit_price, ask.triggered)
    return Match(None, ask.triggered)


def _stop(ask: Ask, bar: DailyBar, costs: Costs) -> Match:
    stop = ask.stop_price
    if stop is None:
        raise ValueError(f"a {ask.kind} order needs a stop price")
    buying = ask.side == "buy"
    if (bar.high < stop) if buying else (bar.low > stop):
        return Match(None)
    price = max(bar.open, stop) if buying else min(bar.open, stop)
    if ask.limit_price is None or _within(price, ask.limit_price, ask.side):
        return _taken(price, ask, costs, triggered=True)
    # Only after a gap is the order of events known: the stop fires at the open, the rest comes later.
    gapped = price == bar.open
    if gapped and _reaches_limit(bar, ask.limit_price, ask.side):
        return Match(ask.limit_price, triggered=True)
    return Match(None, triggered=True)


def _taken(reference: Decimal, ask: Ask, costs: Costs, triggered: bool) -> Match:
    price = costs.slipped(reference, ask.side)
    if ask.limit_price is not None:
        price = min(price, ask.limit_price) if ask.side == "buy" else max(price, ask.limit_price)
    return Match(price, triggered, abs(price - reference))


def _within(price: Decimal, limit: Decimal, side: Side) -> bool:
    return price <= limit if side == "buy" else price >= limit


def _reaches_limit(bar: DailyBar, limit: Decimal, side: Side) -> bool:
    return bar.low <= limit if side == "buy" else bar.high >= limit
