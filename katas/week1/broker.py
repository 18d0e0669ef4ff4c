"""The broker: one protocol, Alpaca behind it, and errors that say what to do next.

The hard question of trading plumbing is what a time-out means. The order may be alive. So every
order carries a name made from its intent, a doubtful answer is followed by asking for that name,
and where even that gives no answer the caller is told that the outcome is unknown.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from .config import Settings
from .errors import (
    AuthenticationError as AuthenticationError,
    BrokerError as BrokerError,
    InsufficientFundsError as InsufficientFundsError,
    InvalidOrderError as InvalidOrderError,
    NotFoundError as NotFoundError,
    OrderOutcomeUnknownError as OrderOutcomeUnknownError,
    PermissionDeniedError as PermissionDeniedError,
    RateLimitError as RateLimitError,
    UnavailableError as UnavailableError,
)
from .models import Account, Bar, Order, OrderRequest, Position

if TYPE_CHECKING:
    # alpaca-py brings pandas along; only code that talks to Alpaca waits for that import.
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient


class Broker(Protocol):  # given
    """What the platform needs of any broker. Calls block; they may come from several threads."""

    def account(self) -> Account: ...

    def positions(self) -> list[Position]: ...

    def submit(self, request: OrderRequest) -> Order: ...

    def order(self, order_id: str) -> Order: ...

    def cancel(self, order_id: str) -> None: ...


class BarSource(Protocol):  # given
    """Where daily prices come from."""

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        """The last `limit` daily bars, oldest first; NotFoundError for a symbol that nobody knows."""
        ...


def client_order_id(request: OrderRequest, *, strategy: str, decided_at: datetime) -> str:
    """A name for the order that is made from its intent, so that a repeat can't become a second order.

    The intent is the strategy, the instant of its decision and every field of the request but
    `client_order_id`. Equal intents give equal names, in this process and in the next one (after a
    crash the platform must find its orders again); different intents give different names. How the
    numbers are written doesn't matter (`Decimal("5")` is `Decimal("5.00")`), nor the time zone in
    which the instant is given.

    Parameters
    ----------
    request : OrderRequest
        The order.
    strategy : str
        Who decided, not empty. Any characters, separators among them.
    decided_at : datetime
        When it was decided: the close of the bar that led to it, not the wall clock. Timezone-aware.

    Returns
    -------
    str
        1 to 128 characters out of letters, digits, `-`, `_` and `.`, as the broker takes them.

    Raises
    ------
    ValueError
        `strategy` is empty; `decided_at` has no time zone.

    Examples
    --------
    >>> close = datetime.fromisoformat("2024-03-01T16:00:00-05:00")
    >>> five = OrderRequest(symbol="AAPL", side="buy", qty="5")
    >>> same = OrderRequest(symbol="AAPL", side="buy", qty="5.00")
    >>> name = client_order_id(five, strategy="sma", decided_at=close)
    >>> name == client_order_id(same, strategy="sma", decided_at=datetime.fromisoformat("2024-03-01T21:00:00Z"))
    True
    >>> name == client_order_id(five, strategy="momentum", decided_at=close)
    False
    """
    raise NotImplementedError


def trading_client(settings: Settings) -> TradingClient:
    """alpaca-py's client for these settings, made safe for orders.

    Returns
    -------
    TradingClient
        Talks to `settings.base_url` with the keys of `settings`. Every request is given up after
        `settings.request_timeout` seconds (alpaca-py itself waits for ever). The SDK's own retry is
        switched off: it would repeat a POST whose answer was a 504, on its own account.

    Notes
    -----
    alpaca-py has no public switch for either; both are set on the client once it is made. How often a
    request is repeated stands in `client._retry`, where 0 means never (given to a constructor as
    `retry_attempts`, 0 means "the default"). All requests go through `client._session`, a
    `requests.Session`, which knows a time-out only call by call: as `timeout` of its method `request`.
    """
    raise NotImplementedError


def data_client(settings: Settings) -> StockHistoricalDataClient:
    """alpaca-py's client for market data, with the same safety.

    Returns
    -------
    StockHistoricalDataClient
        Talks to `settings.data_url` with the keys of `settings`, gives every request up after
        `settings.request_timeout` seconds and repeats none of its own accord: whoever asks for bars
        has a deadline of his own, and the SDK's pauses of three seconds would use it up. What to set,
        and where, is the same as for `trading_client`.
    """
    raise NotImplementedError


class AlpacaBroker:
    """Alpaca's trading API as a `Broker`.

    Parameters
    ----------
    client : alpaca.trading.client.TradingClient
        As `trading_client` makes it. Its models are translated into ours; numbers become `Decimal`
        from their text, never by way of a float.

    Every method raises a `BrokerError` and nothing else when the broker doesn't do as asked:

        401  AuthenticationError                   404  NotFoundError
        403  PermissionDeniedError, or             422  InvalidOrderError
             InsufficientFundsError if the         429  RateLimitError
             code is 40310000                      5xx  UnavailableError
        any other status from 400 on: BrokerError itself, not one of its kinds
        no usable answer: UnavailableError (time-out, connection refused or reset, a 200 whose body
        is not what was asked for)

    The error carries `status` (None where no answer came), the broker's `code` and message, and its
    further fields as text in `details`. An answer that isn't JSON (a gateway's HTML page) is mapped
    by its status all the same. Neither the error's text nor its printed traceback holds the keys of
    the client, also where a gateway's page or the error of a library below repeats them.
    """

    def __init__(self, client: TradingClient) -> None:
        raise NotImplementedError

    def account(self) -> Account:
        """The account as it is now. Accounts with and without the old day-trade fields both parse."""
        raise NotImplementedError

    def positions(self) -> list[Position]:
        """All open positions, in the broker's order. An empty list when there are none.

        Short positions have a negative `qty`, whether the broker writes the minus sign or tells it
        by `side` alone.
        """
        raise NotImplementedError

    def submit(self, request: OrderRequest) -> Order:
        """Send an order, once.

        The request is posted once, whatever happens. Then:

        - It is accepted: the order. Its status may be REJECTED; that is an answer, not an error.
        - 422 because the name was used before ("client_order_id must be unique"), or no usable
          answer (5xx, a time-out, a lost connection, a body that can't be read): ask for the order
          of that name (`GET /v2/orders:by_client_order_id`).
          If it is there and is the same intent (symbol, side, type, time in force, and every size
          and price that the request gives), it is returned. If it is another intent,
          InvalidOrderError. If it isn't there, or asking fails, OrderOutcomeUnknownError with the
          name: the order may yet appear.
        - Anything else raises as the class says, and no order exists.

        The broker fills in prices of its own (the `stop_price` of a trailing stop follows the
        market); they are no part of the intent.

        Raises
        ------
        ValueError
            `request.client_order_id` is missing: without a name a repeat would be a second order.
            Nothing is sent.
        BrokerError
            As above.
        """
        raise NotImplementedError

    def order(self, order_id: str) -> Order:
        """The order with the broker's id `order_id`; NotFoundError when there is none.

        Alpaca's ids are UUIDs. For a text that is none, NotFoundError as well; it may be raised without
        asking the broker. (alpaca-py raises ValueError there, and Alpaca answers 422.)
        """
        raise NotImplementedError

    def cancel(self, order_id: str) -> None:
        """Ask for the order with the broker's id `order_id` to be cancelled.

        InvalidOrderError when it can't be any more (filled, cancelled), NotFoundError as for `order`,
        also for a text that is no UUID.
        """
        raise NotImplementedError


class AlpacaBars:
    """Daily bars from Alpaca's market data, as a `BarSource`.

    Parameters
    ----------
    client : alpaca.data.historical.stock.StockHistoricalDataClient
        Its answers may come in pages; the SDK follows them.
    feed : str
        "iex" (free) or "sip" (all exchanges).
    """

    def __init__(self, client: StockHistoricalDataClient, feed: str = "iex") -> None:
        raise NotImplementedError

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        """The last `limit` daily bars of `symbol`, oldest first; fewer if there are no more.

        Prices are adjusted for splits, not for dividends: a 2-for-1 split must not look like a fall of
        one half to whoever compares closes. The last bar is as traded, since only earlier ones change.

        The last ones, whenever they were: a share that stopped trading long ago has bars too, so ask at
        least from the year 2000 on. (Alpaca searches from today on unless it is given a `start`, and
        sends the oldest first unless asked to sort otherwise.) The request runs in a thread of its own,
        so the event loop goes on meanwhile.
        The bar of the running session may be among them: ask `Bar.known_at`.

        Raises
        ------
        ValueError
            `limit` is below 1.
        NotFoundError
            Alpaca has no bar of that symbol (for an unknown one it sends an empty list, with status 200).
        BrokerError
            As for `AlpacaBroker`.
        """
        raise NotImplementedError
