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

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel, model_validator


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


class Bar(BaseModel):
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

    symbol: str
    timestamp: datetime
    timeframe: timedelta = timedelta(days=1)
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def known_at(self) -> datetime:
        """The earliest instant at which anybody can know this bar: its close, `timestamp + timeframe`."""
        raise NotImplementedError


class Quote(BaseModel):
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

    symbol: str
    timestamp: datetime
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def mid(self) -> Decimal | None:
        """Middle of bid and ask; None when a side is empty."""
        raise NotImplementedError

    @property
    def spread(self) -> Decimal | None:
        """`ask − bid`; negative when crossed; None when a side is empty."""
        raise NotImplementedError

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask, both sides being there. Equal prices are locked, not crossed."""
        raise NotImplementedError


class Signal(BaseModel):
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
    strength: float
    reason: str

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model


class OrderRequest(BaseModel):
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

    symbol: str
    side: Side
    type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.DAY
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    client_order_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model


class Order(BaseModel):
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

    id: str
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    qty: Decimal | None = None
    notional: Decimal | None = None
    filled_qty: Decimal = Decimal(0)
    filled_avg_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    submitted_at: datetime
    filled_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def is_open(self) -> bool:
        """Whether it may still fill: not filled, cancelled, expired, replaced or rejected."""
        raise NotImplementedError

    @property
    def remaining_qty(self) -> Decimal | None:
        """Shares not filled, `qty − filled_qty`; None without a `qty`, as in an order in dollars."""
        raise NotImplementedError


class Position(BaseModel):
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

    symbol: str
    qty: Decimal
    avg_entry_price: Decimal
    current_price: Decimal | None = None

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def side(self) -> Side:
        """BUY for a long position, SELL for a short one."""
        raise NotImplementedError

    @property
    def cost_basis(self) -> Decimal:
        """`qty · avg_entry_price`; negative for a short position."""
        raise NotImplementedError

    @property
    def market_value(self) -> Decimal | None:
        """`qty · current_price`; negative for a short position; None without a price."""
        raise NotImplementedError

    @property
    def unrealized_pl(self) -> Decimal | None:
        """`qty · (current_price − avg_entry_price)`; positive is a gain, for shorts too; None without a price."""
        raise NotImplementedError


class Account(BaseModel):
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

    id: str
    status: str
    currency: str = "USD"
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    multiplier: Decimal = Decimal(1)
    shorting_enabled: bool = False
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    pattern_day_trader: bool | None = None
    daytrade_count: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def can_trade(self) -> bool:
        """Whether the account is ACTIVE and neither blocked nor suspended."""
        raise NotImplementedError
