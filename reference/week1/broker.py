"""The broker: one protocol, Alpaca behind it, and errors that say what to do next.

The hard question of trading plumbing is what a time-out means. The order may be alive. So every
order carries a name made from its intent, a doubtful answer is followed by asking for that name,
and where even that gives no answer the caller is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from . import _alpaca as alpaca
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
    from alpaca.common.rest import RESTClient
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient
    from requests import Session

_FIRST_SEARCHED = datetime(2000, 1, 1, tzinfo=UTC)


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
    if not strategy:
        raise ValueError(f"strategy={strategy!r} is empty")
    if decided_at.utcoffset() is None:
        raise ValueError(f"decided_at={decided_at.isoformat()} has no time zone")
    fields = request.model_dump(exclude={"client_order_id"})
    # JSON quotes each part, so that no separator inside a name can shift the border between two.
    intent = json.dumps([strategy, decided_at.astimezone(UTC).isoformat(), *(_canonical(v) for v in fields.values())])
    return f"katas-{hashlib.sha256(intent.encode()).hexdigest()[:40]}"


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
    from alpaca.trading.client import TradingClient

    client = TradingClient(
        settings.api_key.get_secret_value(),
        settings.secret_key.get_secret_value(),
        paper=settings.is_paper,
        url_override=settings.base_url,
    )
    _make_safe(client, settings.request_timeout)
    return client


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
    from alpaca.data.historical.stock import StockHistoricalDataClient

    client = StockHistoricalDataClient(
        settings.api_key.get_secret_value(), settings.secret_key.get_secret_value(), url_override=settings.data_url
    )
    _make_safe(client, settings.request_timeout)
    return client


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
        self._client = client

    def account(self) -> Account:
        """The account as it is now. Accounts with and without the old day-trade fields both parse."""
        return alpaca.call(lambda: alpaca.account(self._client.get_account()))

    def positions(self) -> list[Position]:
        """All open positions, in the broker's order. An empty list when there are none.

        Short positions have a negative `qty`, whether the broker writes the minus sign or tells it
        by `side` alone.
        """
        return alpaca.call(lambda: [alpaca.position(p) for p in self._client.get_all_positions()])

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
        name = request.client_order_id
        if name is None:
            raise ValueError("client_order_id is missing: without it a repeated request is a second order")
        wanted = alpaca.request_for(request)
        try:
            return alpaca.call(lambda: alpaca.order(self._client.submit_order(wanted)))
        except InvalidOrderError as refused:
            if "client_order_id" not in str(refused) or "unique" not in str(refused):
                raise
            failure: BrokerError = refused
        except UnavailableError as doubtful:
            failure = doubtful
        return self._settled(request, name, failure)

    def order(self, order_id: str) -> Order:
        """The order with the broker's id `order_id`; NotFoundError when there is none.

        Alpaca's ids are UUIDs. For a text that is none, NotFoundError as well; it may be raised without
        asking the broker. (alpaca-py raises ValueError there, and Alpaca answers 422.)
        """
        wanted = _identifier(order_id)
        return alpaca.call(lambda: alpaca.order(self._client.get_order_by_id(wanted)))

    def cancel(self, order_id: str) -> None:
        """Ask for the order with the broker's id `order_id` to be cancelled.

        InvalidOrderError when it can't be any more (filled, cancelled), NotFoundError as for `order`,
        also for a text that is no UUID.
        """
        wanted = _identifier(order_id)
        alpaca.call(lambda: self._client.cancel_order_by_id(wanted))

    def _settled(self, request: OrderRequest, name: str, failure: BrokerError) -> Order:
        """The order that a doubtful answer left behind, if it can be found out."""
        try:
            found = alpaca.call(lambda: alpaca.order(self._client.get_order_by_client_id(name)))
        except BrokerError:
            found = None
        if found is None:
            raise OrderOutcomeUnknownError(
                f"no answer to order {name} ({failure}): it may or may not exist",
                client_order_id=name,
                status=failure.status,
            )
        if not _same_intent(found, request):
            raise InvalidOrderError(
                f"client_order_id {name} belongs to a different order", status=failure.status, code=failure.code
            )
        return found


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
        self._client = client
        self._feed = feed
        # Of its own: asyncio's default pool has a handful of threads on a small machine, and waiting
        # for one of them would use up the deadline of the symbols at the end of a batch.
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="bars")

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
        if limit < 1:
            raise ValueError(f"limit={limit}: need at least 1")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._daily, symbol, limit)

    def _daily(self, symbol: str, limit: int) -> list[Bar]:
        from alpaca.common.enums import Sort
        from alpaca.data.enums import Adjustment, DataFeed
        from alpaca.data.requests import StockBarsRequest
        from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

        # Newest first, so that `limit` cuts off the old end.
        request = StockBarsRequest(
            symbol_or_symbols=symbol,
            timeframe=TimeFrame(1, TimeFrameUnit.Day),  # pyright: ignore[reportArgumentType]  # alpaca-py's enum
            start=_FIRST_SEARCHED,
            limit=limit,
            sort=Sort.DESC,
            feed=DataFeed(self._feed),
            adjustment=Adjustment.SPLIT,
        )
        newest_first = alpaca.call(lambda: alpaca.bars(self._client.get_stock_bars(request), symbol))
        if not newest_first:
            raise NotFoundError(f"no bars of {symbol}")
        return newest_first[::-1]


def _same_intent(existing: Order, request: OrderRequest) -> bool:
    """Whether the order is what the request asks for. Only what the request says is compared."""
    asked = {name: getattr(request, name) for name in _INTENT}
    return all(getattr(existing, name) == value for name, value in asked.items() if value is not None)


_INTENT = (
    "symbol",
    "side",
    "type",
    "time_in_force",
    "qty",
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
)


def _identifier(order_id: str) -> UUID:
    try:
        return UUID(order_id)
    except ValueError:
        raise NotFoundError(f"there is no order {order_id!r}: that is not an id of Alpaca's") from None


def _canonical(value: object) -> object:
    """One spelling for equal values."""
    if isinstance(value, Decimal):
        # Not normalize(): it rounds to the context's 28 digits.
        digits = format(value, "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return value.value if isinstance(value, Enum) else value


def _make_safe(client: RESTClient, seconds: float) -> None:
    """Switch the SDK's own retry off, and give up every request after `seconds`."""
    client._retry = 0  # pyright: ignore[reportPrivateUsage]  # the constructor takes 0 for "default"
    session: Session = client._session  # pyright: ignore[reportPrivateUsage]
    plain = session.request  # requests has a time-out only call by call

    def limited(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **{"timeout": seconds, **kwargs})

    session.request = limited  # type: ignore[method-assign]
