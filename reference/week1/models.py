"""The nouns of trading, as types that can't hold nonsense.

True of every model here:

- Money, prices and quantities are `Decimal`, because 0.1 + 0.2 is not 0.3 in binary and a broker
  compares cents. Text and integers are taken exactly; a float is taken for the number that it prints
  (0.1 becomes `Decimal("0.1")`). None of them may be NaN or infinite.
- Instants are timezone-aware, in whatever zone, and kept in UTC; a naive one is refused. What is
  finer than a microsecond (Alpaca sends nanoseconds) is cut off, never rounded up: nothing may seem
  to have happened later than it did. One that UTC can't tell, being before the year 1 or after 9999
  there (`0001-01-01T00:00:00+05:00`), is refused like any bad input.
- Text that is "not empty" is any but `""`. Whether blanks alone are text is left to you.
- Where decimals are counted, zeros at the end don't count, in any number: 187.500 has one, 10.000 none.
- Models are frozen, so that nothing changes an order after it was checked, and unknown fields are
  refused, so that a misspelt `limt_price` never becomes a market order.
- `Model.model_validate_json(model.model_dump_json()) == model`.
- Bad input raises pydantic's `ValidationError`, a `ValueError`, and nothing else, however large or
  fine the number. (Decimal's `%` and `quantize` raise `InvalidOperation` beyond 28 digits, and that
  is no `ValueError`.)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Side(str, Enum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class Action(str, Enum):
    """What a signal advises."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"


class OrderType(str, Enum):
    """How an order's price is found."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(str, Enum):
    """How long an order stays: the day, until cancelled, an auction only, or an instant."""

    DAY = "day"
    GTC = "gtc"
    OPG = "opg"
    CLS = "cls"
    IOC = "ioc"
    FOK = "fok"


class OrderStatus(str, Enum):
    """Every state that Alpaca's trading API reports for an order."""

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    DONE_FOR_DAY = "done_for_day"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    PENDING_REVIEW = "pending_review"
    ACCEPTED = "accepted"
    PENDING_NEW = "pending_new"
    ACCEPTED_FOR_BIDDING = "accepted_for_bidding"
    STOPPED = "stopped"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CALCULATED = "calculated"
    HELD = "held"


_ENDED = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REPLACED,
        OrderStatus.REJECTED,
    }
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _utc(value: datetime | None, name: str) -> datetime | None:
    if value is None:
        return None
    if value.utcoffset() is None:
        raise ValueError(f"{name} {value.isoformat()} has no time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} {value.isoformat()} is out of range in UTC") from None


def _decimals(value: Decimal) -> int:
    """Digits after the point, trailing zeros left out. By reading, since arithmetic may round or give up."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # it is text only for NaN and infinity, which no field takes
    zeros = len(digits) - len(bytes(digits).rstrip(b"\0"))
    return max(0, -exponent - zeros)


class Bar(_Frozen):
    """Prices of one symbol over one interval.

    Attributes
    ----------
    symbol : str
        Ticker, not empty.
    timestamp : datetime
        When the bar opens. Must be timezone-aware; kept in UTC.
    timeframe : timedelta
        Length of the interval, positive; one day by default. A bar that closes after the year 9999 is
        refused, so that `known_at` always has an answer.
    open, high, low, close : Decimal
        Prices, above 0. `low` is at most, and `high` at least, each of the others.
    volume : Decimal
        Shares traded, 0 or more.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: a naive timestamp, a price that is not a finite number
        above 0, prices that contradict each other, a negative volume, an unknown field. Of a close
        after the year 9999, `timestamp` or `timeframe`.

    Examples
    --------
    >>> bar = Bar(symbol="AAPL", timestamp="2024-03-01T05:00:00Z",
    ...           open="179.55", high="180.53", low="177.38", close="179.66", volume=73488000)
    >>> bar.close, bar.known_at.isoformat()
    (Decimal('179.66'), '2024-03-02T05:00:00+00:00')
    """

    symbol: str = Field(min_length=1)
    timestamp: datetime
    timeframe: timedelta = Field(default=timedelta(days=1), gt=timedelta(0))
    open: Decimal = Field(gt=0)
    high: Decimal = Field(gt=0)
    low: Decimal = Field(gt=0)
    close: Decimal = Field(gt=0)
    volume: Decimal = Field(ge=0)

    @field_validator("timestamp")
    @classmethod
    def _aware(cls, value: datetime) -> datetime | None:
        return _utc(value, "timestamp")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.low > min(self.open, self.close, self.high):
            raise ValueError(f"low {self.low} is above another price of its bar")
        if self.high < max(self.open, self.close):
            raise ValueError(f"high {self.high} is below another price of its bar")
        return self

    @model_validator(mode="after")
    def _closes_in_time(self) -> Self:
        try:
            _ = self.known_at
        except OverflowError:
            raise ValueError(f"timestamp plus timeframe ({self.timeframe}) lies after the year 9999") from None
        return self

    @property
    def known_at(self) -> datetime:
        """The earliest instant at which anybody can know this bar: its close, `timestamp + timeframe`."""
        return self.timestamp + self.timeframe


class Quote(_Frozen):
    """Best bid and offer of one symbol at one instant.

    A quote may be crossed (bid above ask): before the open venues quote without trading. A price of
    0 means that nobody quotes on that side, as Alpaca sends it; it is a value, not a missing one.

    Attributes
    ----------
    symbol : str
        Ticker, not empty.
    timestamp : datetime
        Timezone-aware; kept in UTC.
    bid, ask : Decimal
        Prices, 0 or more; 0 is an empty side.
    bid_size, ask_size : Decimal
        Shares, 0 or more.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: a naive timestamp, a negative price or size, an unknown field.

    Examples
    --------
    >>> quote = Quote(symbol="AAPL", timestamp="2024-03-01T13:00:00Z",
    ...               bid="179.70", ask="179.60", bid_size=100, ask_size=200)
    >>> quote.mid, quote.spread, quote.is_crossed
    (Decimal('179.65'), Decimal('-0.10'), True)
    """

    symbol: str = Field(min_length=1)
    timestamp: datetime
    bid: Decimal = Field(ge=0)
    ask: Decimal = Field(ge=0)
    bid_size: Decimal = Field(ge=0)
    ask_size: Decimal = Field(ge=0)

    @field_validator("timestamp")
    @classmethod
    def _aware(cls, value: datetime) -> datetime | None:
        return _utc(value, "timestamp")

    @property
    def _two_sided(self) -> bool:
        return self.bid > 0 and self.ask > 0

    @property
    def mid(self) -> Decimal | None:
        """Middle of bid and ask; None when a side is empty."""
        return (self.bid + self.ask) / 2 if self._two_sided else None

    @property
    def spread(self) -> Decimal | None:
        """`ask − bid`; negative when crossed; None when a side is empty."""
        return self.ask - self.bid if self._two_sided else None

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask, both sides being there. Equal prices are locked, not crossed."""
        return self._two_sided and self.bid > self.ask


class Signal(_Frozen):
    """Advice for one symbol: what to do, how strongly, and why.

    Attributes
    ----------
    action : Action
        BUY, SELL or HOLD.
    strength : float
        In [0, 1]. 0 for HOLD, above 0 for BUY and SELL.
    reason : str
        Why, in words; not empty.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: a strength that is NaN, outside [0, 1] or contradicts the
        action, an empty reason, an unknown field.

    Examples
    --------
    >>> Signal(action="hold", strength=0, reason="no cross").action
    <Action.HOLD: 'hold'>
    """

    action: Action
    strength: float = Field(ge=0, le=1, allow_inf_nan=False)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _hold_is_weightless(self) -> Self:
        if (self.action is Action.HOLD) != (self.strength == 0):
            raise ValueError(f"strength {self.strength} does not fit the action {self.action.value}")
        return self


class OrderRequest(_Frozen):
    """What we ask a broker to do. Refused here, it never reaches the wire.

    Attributes
    ----------
    symbol : str
        Ticker, not empty.
    side : Side
        BUY or SELL.
    type : OrderType
        MARKET by default.
    time_in_force : TimeInForce
        DAY by default.
    qty : Decimal or None
        Shares, above 0, at most nine decimals (1.0000000000 has none). Exactly one of `qty` and `notional` is given.
        A fraction of a share is only for DAY orders.
    notional : Decimal or None
        Dollars, above 0, whole cents. Only for DAY orders.
    limit_price : Decimal or None
        Given if, and only if, the type is LIMIT or STOP_LIMIT.
    stop_price : Decimal or None
        Given if, and only if, the type is STOP or STOP_LIMIT.
    trail_price, trail_percent : Decimal or None
        Exactly one of them for a TRAILING_STOP (dollars, or percent of the price); none otherwise.
    extended_hours : bool
        Trade outside the session; only for LIMIT orders that are DAY.
    client_order_id : str or None
        Our own name for the order, 1 to 128 characters. The broker takes each name once.

    All prices are above 0. Given means not None: a limit price of 0 on a market order is given, and
    wrong. A limit or stop price lies on the tick of Reg NMS Rule 612: whole cents from $1.00 on, whole
    hundredths of a cent below. Zeros at the end don't count here either: 187.500 is whole cents.
    `trail_price` and `trail_percent` have no tick.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names a field at fault: the one that is missing, too much or out of range.
        Where two exclude each other (`qty` and `notional`; `extended_hours` and the type), one of
        them.

    Examples
    --------
    >>> OrderRequest(symbol="AAPL", side="buy", type="limit", qty=10, limit_price="187.50").limit_price
    Decimal('187.50')
    >>> OrderRequest(symbol="AAPL", side="buy", qty=1, notional=100)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    pydantic_core.ValidationError: exactly one of qty and notional
    """

    symbol: str = Field(min_length=1)
    side: Side
    type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.DAY
    qty: Decimal | None = Field(default=None, gt=0, decimal_places=9)
    notional: Decimal | None = Field(default=None, gt=0, decimal_places=2)
    limit_price: Decimal | None = Field(default=None, gt=0)
    stop_price: Decimal | None = Field(default=None, gt=0)
    trail_price: Decimal | None = Field(default=None, gt=0)
    trail_percent: Decimal | None = Field(default=None, gt=0)
    extended_hours: bool = False
    client_order_id: str | None = Field(default=None, min_length=1, max_length=128)

    @field_validator("limit_price", "stop_price")
    @classmethod
    def _on_the_tick(cls, value: Decimal | None) -> Decimal | None:
        if value is None:
            return None
        if _decimals(value) > (2 if value >= 1 else 4):
            raise ValueError(f"{value} is off the tick: 0.01 from 1.00 on, 0.0001 below")
        return value

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.qty is None) == (self.notional is None):
            raise ValueError("give exactly one of qty and notional")
        if self.time_in_force is not TimeInForce.DAY:
            if self.notional is not None:
                raise ValueError(f"notional is for day orders, not {self.time_in_force.value}")
            if self.qty is not None and _decimals(self.qty) > 0:
                raise ValueError(
                    f"qty {self.qty} is a fraction, which is for day orders, not {self.time_in_force.value}"
                )
        return self

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        for name, price, needed in (
            ("limit_price", self.limit_price, self.type in {OrderType.LIMIT, OrderType.STOP_LIMIT}),
            ("stop_price", self.stop_price, self.type in {OrderType.STOP, OrderType.STOP_LIMIT}),
        ):
            if needed and price is None:
                raise ValueError(f"a {self.type.value} order needs {name}")
            if price is not None and not needed:
                raise ValueError(f"a {self.type.value} order takes no {name}")
        trails = [t for t in (self.trail_price, self.trail_percent) if t is not None]
        if len(trails) != (self.type is OrderType.TRAILING_STOP):
            raise ValueError("trail_price or trail_percent: exactly one for a trailing_stop order, none for any other")
        return self

    @model_validator(mode="after")
    def _extended_hours_need_a_limit(self) -> Self:
        if self.extended_hours and not (self.type is OrderType.LIMIT and self.time_in_force is TimeInForce.DAY):
            raise ValueError("extended_hours is only for limit orders that are day")
        return self


class Order(_Frozen):
    """An order as the broker knows it.

    Attributes
    ----------
    id, client_order_id : str
        The broker's name for it, and ours.
    symbol, side, type, time_in_force, status
        As in `OrderRequest`; `status` is an `OrderStatus`.
    qty, notional : Decimal or None
        What was asked for, in shares or in dollars; above 0, with any number of decimals. One of them,
        both or neither: as the broker says.
    filled_qty : Decimal
        Shares filled so far, cumulative, 0 or more, never more than `qty`.
    filled_avg_price : Decimal or None
        Average price of what is filled, 0 or more; given whenever something is.
    limit_price, stop_price, trail_price, trail_percent : Decimal or None
        As the broker says: any finite number, 0 and negative ones too, with no tick and no rule which
        type has which. (A trailing stop comes with a `stop_price`.)
    submitted_at : datetime
        Timezone-aware; kept in UTC.
    filled_at : datetime or None
        When it was filled completely.
    replaced_by, replaces : str or None
        Ids of the orders before and after it in a chain of replacements.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: also when the fill contradicts the order, with a
        `filled_qty` above `qty`, something filled and no `filled_avg_price`, or the status FILLED
        with shares of `qty` still open. Without a `qty` there is nothing to compare `filled_qty` with:
        an order in dollars may be FILLED at any `filled_qty`, 0 included.

    Examples
    --------
    >>> order = Order(id="904837e3", client_order_id="aapl-1", symbol="AAPL", side="buy", type="market",
    ...               time_in_force="day", status="canceled", qty=10, filled_qty=4,
    ...               filled_avg_price="187.42", submitted_at="2024-03-01T14:30:00Z")
    >>> order.is_open, order.remaining_qty
    (False, Decimal('6'))
    """

    id: str = Field(min_length=1)
    client_order_id: str = Field(min_length=1)
    symbol: str = Field(min_length=1)
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    qty: Decimal | None = Field(default=None, gt=0)
    notional: Decimal | None = Field(default=None, gt=0)
    filled_qty: Decimal = Field(default=Decimal(0), ge=0)
    filled_avg_price: Decimal | None = Field(default=None, ge=0)
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    submitted_at: datetime
    filled_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None

    @field_validator("submitted_at")
    @classmethod
    def _aware(cls, value: datetime) -> datetime | None:
        return _utc(value, "submitted_at")

    @field_validator("filled_at")
    @classmethod
    def _aware_or_none(cls, value: datetime | None) -> datetime | None:
        return _utc(value, "filled_at")

    @model_validator(mode="after")
    def _fill_fits(self) -> Self:
        if self.qty is not None and self.filled_qty > self.qty:
            raise ValueError(f"filled_qty {self.filled_qty} is more than qty {self.qty}")
        if self.filled_qty > 0 and self.filled_avg_price is None:
            raise ValueError(f"filled_avg_price is missing although filled_qty is {self.filled_qty}")
        if self.status is OrderStatus.FILLED and self.qty is not None and self.filled_qty != self.qty:
            raise ValueError(f"status is filled although filled_qty {self.filled_qty} is not qty {self.qty}")
        return self

    @property
    def is_open(self) -> bool:
        """Whether it may still fill: not filled, cancelled, expired, replaced or rejected."""
        return self.status not in _ENDED

    @property
    def remaining_qty(self) -> Decimal | None:
        """Shares not filled, `qty − filled_qty`; None without a `qty`, as in an order in dollars."""
        return None if self.qty is None else self.qty - self.filled_qty


class Position(_Frozen):
    """Shares held, or owed.

    Attributes
    ----------
    symbol : str
        Ticker, not empty.
    qty : Decimal
        Signed shares: above 0 is long, below 0 is short; never 0.
    avg_entry_price : Decimal
        Average price paid or received per share, 0 or more.
    current_price : Decimal or None
        Last price per share, 0 or more; None when there is none. 0 is a price: the shares are worthless.

    `market_value - cost_basis == unrealized_pl`, long or short; exactly, as long as the numbers stay
    within the 28 digits of Decimal's arithmetic.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: a `qty` of 0, a negative price, an unknown field.

    Examples
    --------
    Ten shares sold short at 100, now at 90:

    >>> short = Position(symbol="AAPL", qty=-10, avg_entry_price=100, current_price=90)
    >>> short.cost_basis, short.market_value, short.unrealized_pl
    (Decimal('-1000'), Decimal('-900'), Decimal('100'))
    """

    symbol: str = Field(min_length=1)
    qty: Decimal
    avg_entry_price: Decimal = Field(ge=0)
    current_price: Decimal | None = Field(default=None, ge=0)

    @field_validator("qty")
    @classmethod
    def _something_is_held(cls, value: Decimal) -> Decimal:
        if value == 0:
            raise ValueError("qty is 0: that is no position")
        return value

    @property
    def side(self) -> Side:
        """BUY for a long position, SELL for a short one."""
        return Side.BUY if self.qty > 0 else Side.SELL

    @property
    def cost_basis(self) -> Decimal:
        """`qty · avg_entry_price`; negative for a short position."""
        return self.qty * self.avg_entry_price

    @property
    def market_value(self) -> Decimal | None:
        """`qty · current_price`; negative for a short position; None without a price."""
        return None if self.current_price is None else self.qty * self.current_price

    @property
    def unrealized_pl(self) -> Decimal | None:
        """`qty · (current_price − avg_entry_price)`; positive is a gain, for shorts too; None without a price."""
        return None if self.current_price is None else self.qty * (self.current_price - self.avg_entry_price)


class Account(_Frozen):
    """The trading account, in its currency.

    Attributes
    ----------
    id, status, currency : str
        `status` is "ACTIVE" for an account in order; `currency` is "USD" by default.
    cash : Decimal
        Negative when money is borrowed.
    equity : Decimal
        Cash plus the signed value of all positions.
    buying_power : Decimal
        What may still be bought, 0 or more.
    multiplier : Decimal
        Leverage granted, 1 or more: 1 for a cash account.
    shorting_enabled, trading_blocked, account_blocked, trade_suspended_by_user : bool
        Permissions; False by default.
    pattern_day_trader : bool or None
    daytrade_count : int or None
        None where the broker no longer sends them (since July 2026).

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field: a missing or negative `buying_power`, a `multiplier`
        below 1, say.

    Examples
    --------
    >>> account = Account(id="e6fe16f3", status="ACTIVE", cash="-250.75", equity="10250.10", buying_power="0")
    >>> account.can_trade, account.daytrade_count
    (True, None)
    """

    id: str = Field(min_length=1)
    status: str = Field(min_length=1)
    currency: str = Field(default="USD", min_length=3)
    cash: Decimal
    equity: Decimal
    buying_power: Decimal = Field(ge=0)
    multiplier: Decimal = Field(default=Decimal(1), ge=1)
    shorting_enabled: bool = False
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    pattern_day_trader: bool | None = None
    daytrade_count: int | None = Field(default=None, ge=0)

    @property
    def can_trade(self) -> bool:
        """Whether the account is ACTIVE and neither blocked nor suspended."""
        blocked = self.trading_blocked or self.account_blocked or self.trade_suspended_by_user
        return self.status == "ACTIVE" and not blocked
