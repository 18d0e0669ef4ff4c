"""The models in another style: constraints live in Annotated types, rules in tables, and nothing is inherited twice.

Numbers are judged as exact fractions and as text, enums are `StrEnum`s, statuses are listed by what is open.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    NonNegativeInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
)


class Side(StrEnum):
    BUY = auto()
    SELL = auto()


class Action(StrEnum):
    BUY = auto()
    SELL = auto()
    HOLD = auto()


class OrderType(StrEnum):
    MARKET = auto()
    LIMIT = auto()
    STOP = auto()
    STOP_LIMIT = auto()
    TRAILING_STOP = auto()


class TimeInForce(StrEnum):
    DAY = auto()
    GTC = auto()
    OPG = auto()
    CLS = auto()
    IOC = auto()
    FOK = auto()


class OrderStatus(StrEnum):
    NEW = auto()
    PARTIALLY_FILLED = auto()
    FILLED = auto()
    DONE_FOR_DAY = auto()
    CANCELED = auto()
    EXPIRED = auto()
    REPLACED = auto()
    PENDING_CANCEL = auto()
    PENDING_REPLACE = auto()
    PENDING_REVIEW = auto()
    ACCEPTED = auto()
    PENDING_NEW = auto()
    ACCEPTED_FOR_BIDDING = auto()
    STOPPED = auto()
    REJECTED = auto()
    SUSPENDED = auto()
    CALCULATED = auto()
    HELD = auto()


def _in_utc(value: datetime) -> datetime:
    try:
        return (value.replace(tzinfo=None) - (value.utcoffset() or timedelta(0))).replace(tzinfo=UTC, fold=0)
    except OverflowError:
        raise ValueError("lies outside of what UTC can tell") from None


def _fits(most: int, value: Decimal) -> bool:
    """Whether the number, written out, has at most so many digits behind the point."""
    _, _, behind = f"{value:f}".partition(".")
    return len(behind.rstrip("0")) <= most


def _on_the_tick(value: Decimal) -> Decimal:
    if not _fits(4, value) or (value >= 1 and not _fits(2, value)):
        raise ValueError("lies between two ticks")
    return value


Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1)]
Number: TypeAlias = Annotated[Decimal, Field(allow_inf_nan=False)]
Positive: TypeAlias = Annotated[Number, Field(gt=0)]
Counted: TypeAlias = Annotated[Number, Field(ge=0)]
Ticked: TypeAlias = Annotated[Positive, AfterValidator(_on_the_tick)]


class Bar(BaseModel, frozen=True, extra="forbid"):
    symbol: Name
    timestamp: Instant
    timeframe: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(days=1)
    open: Positive
    high: Positive
    low: Positive
    close: Positive
    volume: Counted

    def model_post_init(self, context: Any, /) -> None:
        ordered = sorted([self.open, self.high, self.low, self.close])
        for name, extreme in (("low", ordered[0]), ("high", ordered[-1])):
            if getattr(self, name) != extreme:
                raise ValueError(f"{name} is {getattr(self, name)}, and another price is {extreme}")
        if self.timeframe > datetime.max.replace(tzinfo=UTC) - self.timestamp:
            raise ValueError("timestamp and timeframe lead beyond the last instant")

    @property
    def known_at(self) -> datetime:
        return self.timestamp + self.timeframe


class Quote(BaseModel, frozen=True, extra="forbid"):
    symbol: Name
    timestamp: Instant
    bid: Counted
    ask: Counted
    bid_size: Counted
    ask_size: Counted

    def _both(self) -> tuple[Decimal, Decimal] | None:
        return None if 0 in (self.bid, self.ask) else (self.bid, self.ask)

    @property
    def mid(self) -> Decimal | None:
        both = self._both()
        return both and sum(both, Decimal(0)) * Decimal("0.5")

    @property
    def spread(self) -> Decimal | None:
        both = self._both()
        return both and both[1] - both[0]

    @property
    def is_crossed(self) -> bool:
        spread = self.spread
        return spread is not None and spread < 0


class Signal(BaseModel, frozen=True, extra="forbid"):
    action: Action
    strength: Annotated[float, Field(ge=0, le=1)]
    reason: Name

    @field_validator("strength")
    @classmethod
    def _weighs(cls, value: float, info: ValidationInfo) -> float:
        action = info.data.get("action")
        if action is not None and (value > 0) is (action is Action.HOLD):
            raise ValueError("is above 0 for BUY and SELL, and 0 for HOLD")
        return value


class OrderRequest(BaseModel, frozen=True, extra="forbid"):
    # For each type: the sets of prices that make it whole.
    _PRICES: ClassVar[dict[OrderType, list[frozenset[str]]]] = {
        OrderType.MARKET: [frozenset()],
        OrderType.LIMIT: [frozenset({"limit_price"})],
        OrderType.STOP: [frozenset({"stop_price"})],
        OrderType.STOP_LIMIT: [frozenset({"limit_price", "stop_price"})],
        OrderType.TRAILING_STOP: [frozenset({"trail_price"}), frozenset({"trail_percent"})],
    }

    symbol: Name
    side: Side
    type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.DAY
    qty: Annotated[Positive, Field(decimal_places=9)] | None = None
    notional: Annotated[Positive, Field(decimal_places=2)] | None = None
    limit_price: Ticked | None = None
    stop_price: Ticked | None = None
    trail_price: Positive | None = None
    trail_percent: Positive | None = None
    extended_hours: bool = False
    client_order_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None

    def model_post_init(self, context: Any, /) -> None:
        there = {name for name in ("qty", "notional") if getattr(self, name) is not None}
        if len(there) != 1:
            raise ValueError("either qty or notional")
        whole = self.qty is not None and _fits(0, self.qty)
        if not whole and self.time_in_force != TimeInForce.DAY:
            raise ValueError(f"time_in_force must be day, unless qty is whole (here: {', '.join(there)})")
        names = ("limit_price", "stop_price", "trail_price", "trail_percent")
        prices = frozenset(name for name in names if getattr(self, name) is not None)
        wanted = self._PRICES[self.type]
        if prices not in wanted:
            nearest = min(wanted, key=lambda names: len(names ^ prices))
            raise ValueError(
                f"for the type {self.type}, one too many or too few: {', '.join(sorted(nearest ^ prices))}"
            )
        if self.extended_hours and (self.type, self.time_in_force) != (OrderType.LIMIT, TimeInForce.DAY):
            raise ValueError("extended_hours needs the type limit and the time_in_force day")


class Order(BaseModel, frozen=True, extra="forbid"):
    id: Name
    client_order_id: Name
    symbol: Name
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    qty: Positive | None = None
    notional: Positive | None = None
    filled_qty: Counted = Decimal(0)
    filled_avg_price: Counted | None = None
    limit_price: Number | None = None
    stop_price: Number | None = None
    trail_price: Number | None = None
    trail_percent: Number | None = None
    submitted_at: Instant
    filled_at: Instant | None = None
    replaced_by: str | None = None
    replaces: str | None = None

    def model_post_init(self, context: Any, /) -> None:
        left = self.remaining_qty
        if left is not None and left < 0:
            raise ValueError(f"filled_qty is too much by {-left}")
        if left and self.status == OrderStatus.FILLED:
            raise ValueError(f"filled_qty is too little by {left} for an order that is filled")
        if self.filled_qty and self.filled_avg_price is None:
            raise ValueError("filled_avg_price must be there, once something is filled")

    @property
    def is_open(self) -> bool:
        match self.status:
            case OrderStatus.FILLED | OrderStatus.CANCELED | OrderStatus.EXPIRED:
                return False
            case OrderStatus.REPLACED | OrderStatus.REJECTED:
                return False
            case _:
                return True

    @property
    def remaining_qty(self) -> Decimal | None:
        return self.qty if self.qty is None else self.qty - self.filled_qty


def _held(value: Decimal) -> Decimal:
    if not value:
        raise ValueError("is nothing")
    return value


class Position(BaseModel, frozen=True, extra="forbid"):
    symbol: Name
    qty: Annotated[Number, AfterValidator(_held)]
    avg_entry_price: Counted
    current_price: Counted | None = None

    @property
    def side(self) -> Side:
        return Side.SELL if self.qty.is_signed() else Side.BUY

    @property
    def cost_basis(self) -> Decimal:
        return self.avg_entry_price * self.qty

    @property
    def market_value(self) -> Decimal | None:
        return None if self.current_price is None else self.current_price * self.qty

    @property
    def unrealized_pl(self) -> Decimal | None:
        value = self.market_value
        return None if value is None else value - self.cost_basis


class Account(BaseModel, frozen=True, extra="forbid"):
    id: Name
    status: Name
    currency: Annotated[str, StringConstraints(min_length=3)] = "USD"
    cash: Number
    equity: Number
    buying_power: Counted
    multiplier: Annotated[Number, Field(ge=1)] = Decimal(1)
    shorting_enabled: bool = False
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    pattern_day_trader: bool | None = None
    daytrade_count: NonNegativeInt | None = None

    @property
    def can_trade(self) -> bool:
        against = (self.trading_blocked, self.account_blocked, self.trade_suspended_by_user, self.status != "ACTIVE")
        return not any(against)
