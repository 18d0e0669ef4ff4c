"""The broker, table-driven and on raw JSON: the SDK is a transport only, and its models are not used."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import quote
from uuid import UUID

from pydantic import TypeAdapter

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
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient


class Broker(Protocol):
    """What the platform needs of any broker."""

    def account(self) -> Account: ...

    def positions(self) -> list[Position]: ...

    def submit(self, request: OrderRequest) -> Order: ...

    def order(self, order_id: str) -> Order: ...

    def cancel(self, order_id: str) -> None: ...


class BarSource(Protocol):
    """Where daily prices come from."""

    async def daily(self, symbol: str, limit: int) -> list[Bar]: ...


# ── names ──


def client_order_id(request: OrderRequest, *, strategy: str, decided_at: datetime) -> str:
    """Length-prefixed parts, hashed and written in base 32."""
    if strategy == "":
        raise ValueError("strategy is empty")
    if decided_at.tzinfo is None:
        raise ValueError(f"decided_at {decided_at} is naive")
    since = decided_at - datetime(1970, 1, 1, tzinfo=UTC)
    parts = [strategy, f"{since.days}d{since.seconds}s{since.microseconds}"]
    for field in sorted(type(request).model_fields):
        value = getattr(request, field)
        if field != "client_order_id" and value is not None:
            ratio = value.as_integer_ratio() if isinstance(value, Decimal) else value
            parts.append(f"{field}={ratio}")
    digest = hashlib.blake2b(digest_size=25)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return f"kt_{base64.b32encode(digest.digest()).decode()}"


# ── the wire ──


def trading_client(settings: Settings) -> TradingClient:
    """A subclass that never repeats, with a session whose adapter gives up in time."""
    from alpaca.trading.client import TradingClient

    class Once(TradingClient):
        def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
            return super()._one_request(method, url, opts, 0)

    key, secret = _keys(settings)
    client = Once(api_key=key, secret_key=secret, url_override=settings.base_url, paper=settings.is_paper)
    return _impatient(client, settings)


def data_client(settings: Settings) -> StockHistoricalDataClient:
    from alpaca.data.historical.stock import StockHistoricalDataClient

    class Once(StockHistoricalDataClient):
        def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
            return super()._one_request(method, url, opts, 0)

    key, secret = _keys(settings)
    return _impatient(Once(api_key=key, secret_key=secret, url_override=settings.data_url), settings)


def _keys(settings: Settings) -> tuple[str, str]:
    return settings.api_key.get_secret_value(), settings.secret_key.get_secret_value()


def _impatient(client: Any, settings: Settings) -> Any:
    from requests.adapters import HTTPAdapter

    class Impatient(HTTPAdapter):
        def send(self, request: Any, *args: Any, timeout: Any = None, **kwargs: Any) -> Any:
            limit = settings.request_timeout if timeout is None else timeout
            return super().send(request, *args, timeout=limit, **kwargs)

    for scheme in ("https://", "http://"):
        client._session.mount(scheme, Impatient())
    return client


_TABLE: list[tuple[Callable[[int, Any], bool], type[BrokerError]]] = [
    (lambda status, _: status == 401, AuthenticationError),
    (lambda status, code: status == 403 and code == 40310000, InsufficientFundsError),
    (lambda status, _: status == 403, PermissionDeniedError),
    (lambda status, _: status == 404, NotFoundError),
    (lambda status, _: status == 422, InvalidOrderError),
    (lambda status, _: status == 429, RateLimitError),
    (lambda status, _: status >= 500, UnavailableError),
    (lambda _status, _: True, BrokerError),
]


def _refuse(status: int, text: str) -> NoReturn:
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    fields = dict(found) if isinstance(found, dict) else {}
    code, message = fields.pop("code", None), fields.pop("message", None)
    kind = next(kind for fits, kind in _TABLE if fits(status, code))
    raise kind(
        message or f"refused with status {status}",
        status=status,
        code=code if type(code) is int else None,
        details={name: f"{value}" for name, value in fields.items()},
    )


def _ask(request: Callable[[], Any]) -> Any:
    from alpaca.common.exceptions import APIError
    from requests import RequestException

    status, text, lost = 0, "", ""
    try:
        return request()
    except APIError as refusal:
        status, text = refusal.status_code or 0, refusal.args[0]
    except RequestException as failure:
        lost = type(failure).__name__
    if lost:
        raise UnavailableError(f"the broker gave no answer: {lost}")
    _refuse(status, text)


def _read(kind: Any, raw: Any, table: Mapping[str, Callable[[dict[str, Any]], Any]]) -> Any:
    """One of our models out of a JSON object, by a table of field and recipe."""
    broken = ""
    try:
        return kind(**{name: recipe(raw) for name, recipe in table.items()})
    except Exception as failure:
        broken = type(failure).__name__
    raise UnavailableError(f"the broker sent something else than {kind.__name__} ({broken})")


def _same(*names: str) -> dict[str, Callable[[dict[str, Any]], Any]]:
    return {name: (lambda raw, name=name: raw[name]) for name in names}


def _perhaps(*names: str) -> dict[str, Callable[[dict[str, Any]], Any]]:
    return {name: (lambda raw, name=name: raw.get(name)) for name in names}


def _exact(*names: str) -> dict[str, Callable[[dict[str, Any]], Any]]:
    def recipe(raw: dict[str, Any], name: str) -> Decimal | None:
        return None if raw.get(name) is None else Decimal(f"{raw[name]}")

    return {name: (lambda raw, name=name: recipe(raw, name)) for name in names}


def _flags(*names: str) -> dict[str, Callable[[dict[str, Any]], Any]]:
    return {name: (lambda raw, name=name: bool(raw.get(name))) for name in names}


_ACCOUNT = {
    **_same("id", "status", "currency"),
    **_exact("cash", "equity", "buying_power", "multiplier"),
    **_flags("shorting_enabled", "trading_blocked", "account_blocked", "trade_suspended_by_user"),
    **_perhaps("pattern_day_trader", "daytrade_count"),
}
_POSITION = {
    **_same("symbol"),
    **_exact("avg_entry_price", "current_price"),
    "qty": lambda raw: Decimal(raw["qty"].lstrip("-")) * {"long": 1, "short": -1}[raw["side"]],
}
_SIZES = ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent")
_ORDER = {
    **_same("id", "client_order_id", "symbol", "side", "time_in_force", "status"),
    **_exact(*_SIZES, "filled_avg_price"),
    **_perhaps("replaced_by", "replaces"),
    "type": lambda raw: raw["type"],
    "filled_qty": lambda raw: Decimal(raw["filled_qty"] or 0),
    "submitted_at": lambda raw: TypeAdapter(datetime).validate_python(raw["submitted_at"]),
    "filled_at": lambda raw: TypeAdapter(datetime | None).validate_python(raw.get("filled_at")),
}
_BAR = {
    "timestamp": lambda raw: raw["t"],
    "open": lambda raw: str(raw["o"]),
    "high": lambda raw: str(raw["h"]),
    "low": lambda raw: str(raw["l"]),
    "close": lambda raw: str(raw["c"]),
    "volume": lambda raw: str(raw["v"]),
}


class AlpacaBroker:
    """Alpaca's trading API, on the paths of its reference."""

    def __init__(self, client: TradingClient) -> None:
        self._client = client

    def account(self) -> Account:
        return _read(Account, _ask(lambda: self._client.get("/account")), _ACCOUNT)

    def positions(self) -> list[Position]:
        found = _ask(lambda: self._client.get("/positions"))
        if not isinstance(found, list):
            raise UnavailableError("the broker sent no list of positions")
        return [_read(Position, raw, _POSITION) for raw in found]

    def submit(self, request: OrderRequest) -> Order:
        name = request.client_order_id
        if not name:
            raise ValueError("a request without client_order_id is not sent")
        body = {k: str(v) for k, v in request.model_dump(mode="json").items() if v is not None}
        body.pop("extended_hours")
        more: dict[str, Any] = {"extended_hours": True} if request.extended_hours else {}
        doubt: BrokerError
        try:
            return _read(Order, _ask(lambda: self._client.post("/orders", {**body, **more})), _ORDER)
        except UnavailableError as lost:
            doubt = lost
        except InvalidOrderError as refusal:
            if "client_order_id must be unique" not in str(refusal):
                raise
            doubt = refusal
        try:
            path = f"/orders:by_client_order_id?client_order_id={quote(name, safe='')}"
            known = _read(Order, _ask(lambda: self._client.get(path)), _ORDER)
        except BrokerError:
            known = None
        if known is None:
            raise OrderOutcomeUnknownError(f"what became of {name}?", client_order_id=name, status=doubt.status)
        for field in ("symbol", "side", "type", "time_in_force", *_SIZES):
            wanted = getattr(request, field)
            if wanted is not None and wanted != getattr(known, field):
                raise InvalidOrderError(f"{name} names an order with another {field}", status=doubt.status)
        return known

    def order(self, order_id: str) -> Order:
        return _read(Order, _ask(lambda: self._client.get(f"/orders/{_uuid(order_id)}")), _ORDER)

    def cancel(self, order_id: str) -> None:
        _ask(lambda: self._client.delete(f"/orders/{_uuid(order_id)}"))


class AlpacaBars:
    """All bars since ever, oldest first, of which the last are kept."""

    def __init__(self, client: StockHistoricalDataClient, feed: str = "iex") -> None:
        self._client = client
        self._feed = feed
        self._pool = ThreadPoolExecutor(max_workers=8)

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit}")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._all, symbol, limit)

    def _all(self, symbol: str, limit: int) -> list[Bar]:
        asked = {
            "symbols": symbol,
            "timeframe": "1Day",
            "start": "1990-01-01",
            "feed": self._feed,
            "limit": 10000,
            "adjustment": "split",
        }
        found: list[Any] = []
        token = None
        while True:
            page = _ask(lambda token=token: self._client.get("/stocks/bars", {**asked, "page_token": token}))
            if not isinstance(page, dict) or not isinstance(page.get("bars", 0), dict):
                raise UnavailableError("the broker sent no bars")
            found += page["bars"].get(symbol) or []
            token = page.get("next_page_token")
            if token is None:
                break
        if not found:
            raise NotFoundError(f"{symbol} has no bars")
        table = {**_BAR, "symbol": lambda _: symbol}
        return [_read(Bar, raw, table) for raw in found[-limit:]]


def _uuid(order_id: str) -> UUID:
    try:
        return UUID(order_id)
    except (ValueError, AttributeError):
        raise NotFoundError(f"{order_id!r} names no order") from None
