"""The trading API as a router with dependencies, its state on the app, and the middleware by hand.

Differs from the reference in every seam: routes live in a module-level `APIRouter` and find their
broker by dependency injection; every route is `async` and sends broker calls to a thread itself;
the request id is the work of an ASGI middleware without `BaseHTTPMiddleware`, which also answers for
what nobody caught; prices are gathered in an anyio task group; errors are a table by exception type.
"""

from __future__ import annotations

import asyncio
import logging
import string
import traceback
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from http.client import responses as phrases
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .broker import BarSource, Broker
from .config import Settings
from .errors import (
    BrokerError,
    InsufficientFundsError,
    InvalidOrderError,
    NotFoundError,
    OrderOutcomeUnknownError,
    RateLimitError,
    UnavailableError,
)
from .models import Account, Action, Bar, Order, OrderRequest, Position, Signal
from .signals import combine, mean_reversion, momentum, sma_crossover

MOST_SYMBOLS = 50
BARS_ASKED = 60
PROBLEM_JSON = "application/problem+json"

T = TypeVar("T")
log = logging.getLogger("trading.api")


class Strategy(str, Enum):
    """Which signal is asked for; COMBINED is the equally weighted vote of the other three."""

    COMBINED = "combined"
    SMA_CROSSOVER = "sma_crossover"
    MOMENTUM = "momentum"
    MEAN_REVERSION = "mean_reversion"


class FieldProblem(BaseModel):
    """One field of a request that can't be used."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 has it, with the request's id and the fields at fault."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldProblem] = Field(default_factory=list[FieldProblem])


class SignalOut(BaseModel):
    """A signal and what it rests on."""

    symbol: str
    strategy: Strategy
    as_of: datetime | None
    action: Action
    strength: float
    reason: str


class BatchEntry(BaseModel):
    """One symbol of a batch: its signal, or the problem that it had."""

    symbol: str
    signal: SignalOut | None = None
    problem: Problem | None = None


class Batch(BaseModel):
    """The answers for many symbols, in the order in which they were asked."""

    results: list[BatchEntry]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


# ── dependencies ──


@dataclass(frozen=True)
class Parts:
    """What the app was made of; kept on `app.state`."""

    settings: Settings
    broker: Broker
    bars: BarSource
    clock: Callable[[], datetime]
    running: anyio.CapacityLimiter | None = None


def parts_of(request: Request) -> Parts:
    return request.app.state.parts


Given = Annotated[Parts, Depends(parts_of)]


class Unusable(Exception):
    """A request that is well-formed JSON or a query, and still no good."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.entry = FieldProblem(field=field, message=message)


def one_symbol(symbol: str) -> str:
    return checked(symbol, "path.symbol")


def many_symbols(symbols: str | None = None) -> list[str]:
    if symbols is None:
        raise Unusable("query.symbols", "is required")
    found: list[str] = []
    for part in symbols.split(","):
        symbol = checked(part, "query.symbols")
        if symbol not in found:
            found.append(symbol)
    if len(found) > MOST_SYMBOLS:
        raise Unusable("query.symbols", f"at most {MOST_SYMBOLS} different symbols, not {len(found)}")
    return found


def checked(text: str, field: str) -> str:
    symbol = text.strip(" ")
    root, dot, share_class = symbol.partition(".")
    letters, digits = set(string.ascii_letters), set(string.digits)
    good_root = 1 <= len(root) <= 10 and root[0] in letters and set(root) <= letters | digits
    good_class = not dot or (1 <= len(share_class) <= 2 and set(share_class) <= letters)
    if not (good_root and good_class):
        raise Unusable(field, "is not a symbol")
    return symbol.upper()


# ── routes ──

router = APIRouter()


@router.get("/health")
async def health(parts: Given) -> dict[str, str | bool]:
    return {"status": "ok", "paper": parts.settings.is_paper}


@router.get("/account")
async def account(parts: Given) -> Account:
    return await in_thread(parts, parts.broker.account)


@router.get("/positions")
async def positions(parts: Given) -> list[Position]:
    return await in_thread(parts, parts.broker.positions)


@router.get("/signals")
async def many_signals(
    request: Request,
    parts: Given,
    symbols: Annotated[list[str], Depends(many_symbols)],
    strategy: Strategy = Strategy.COMBINED,
) -> Batch:
    entries: dict[str, BatchEntry] = {}

    async def fill(symbol: str) -> None:
        try:
            entries[symbol] = BatchEntry(symbol=symbol, signal=await advice(parts, symbol, strategy))
        except Exception as error:
            entries[symbol] = BatchEntry(symbol=symbol, problem=problem_of(request.scope, error)[0])

    async with anyio.create_task_group() as tasks:
        for symbol in symbols:
            tasks.start_soon(fill, symbol)
    return Batch(results=[entries[symbol] for symbol in symbols])


@router.get("/signals/{symbol}")
async def one_signal(
    parts: Given, symbol: Annotated[str, Depends(one_symbol)], strategy: Strategy = Strategy.COMBINED
) -> SignalOut:
    return await advice(parts, symbol, strategy)


@router.post("/orders", status_code=status.HTTP_201_CREATED)
async def submit(parts: Given, order: OrderRequest) -> Order:
    if order.client_order_id is None:
        raise Unusable("body.client_order_id", "is required: it is what makes a repeat harmless")
    return await in_thread(parts, lambda: parts.broker.submit(order))


@router.get("/orders/{order_id}")
async def find(parts: Given, order_id: str) -> Order:
    return await in_thread(parts, lambda: parts.broker.order(order_id))


@router.delete("/orders/{order_id}")
async def cancel(parts: Given, order_id: str) -> Response:
    await in_thread(parts, lambda: parts.broker.cancel(order_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def in_thread(parts: Parts, call: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(call, limiter=parts.running)


async def advice(parts: Parts, symbol: str, strategy: Strategy) -> SignalOut:
    try:
        found = await asyncio.wait_for(parts.bars.daily(symbol, BARS_ASKED), parts.settings.bars_timeout)
    except TimeoutError:
        raise HTTPException(504, f"{symbol}: the prices took too long") from None
    now = parts.clock()
    past = list(filter(lambda bar: bar.known_at <= now, found))
    signal = decide(strategy, past)
    return SignalOut(
        symbol=symbol,
        strategy=strategy,
        as_of=max((bar.known_at for bar in past), default=None),
        **signal.model_dump(),
    )


def decide(strategy: Strategy, bars: list[Bar]) -> Signal:
    closes = [float(bar.close) for bar in bars]
    match strategy:
        case Strategy.SMA_CROSSOVER:
            return sma_crossover(closes)
        case Strategy.MOMENTUM:
            return momentum(closes)
        case Strategy.MEAN_REVERSION:
            return mean_reversion(closes)
        case Strategy.COMBINED:
            votes = {"a": sma_crossover(closes), "b": momentum(closes), "c": mean_reversion(closes)}
            return combine(votes, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})


# ── errors ──

# The first row that fits; subclasses stand above their bases.
STATUS: list[tuple[type[Exception], int]] = [
    (RequestValidationError, 422),
    (Unusable, 422),
    (InvalidOrderError, 422),
    (InsufficientFundsError, 403),
    (NotFoundError, 404),
    (OrderOutcomeUnknownError, 504),
    (UnavailableError, 503),
    (RateLimitError, 503),
    (BrokerError, 502),
]


def problem_of(scope: Scope, error: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem, and the headers that go with it."""
    request_id: str = scope["state"]["request_id"]
    headers: Mapping[str, str] = {}
    errors: list[FieldProblem] = []
    detail = str(error)
    if isinstance(error, HTTPException):
        code, detail, headers = error.status_code, str(error.detail), error.headers or {}
    else:
        code = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, Unusable):
        errors = [error.entry]
    elif isinstance(error, RequestValidationError):
        errors = [entry_of(found) for found in error.errors()]
        detail = f"{len(errors)} fields can't be used"
    elif isinstance(error, OrderOutcomeUnknownError):
        detail = f"{error} (client_order_id: {error.client_order_id})"
    elif code == 500:
        detail = "something broke that should not have"
        log.error("%s failed\n%s", request_id, "".join(traceback.format_exception(error)))
    if code == 503:
        headers = {**headers, "Retry-After": "1"}
    return Problem(
        title=phrases.get(code, "Error"),
        status=code,
        detail=detail,
        instance=scope["path"],
        request_id=request_id,
        errors=errors,
    ), dict(headers)


def entry_of(found: Mapping[str, Any]) -> FieldProblem:
    where = found["loc"] if found["type"] != "json_invalid" else ("body",)
    return FieldProblem(field=".".join(map(str, where)), message=found["msg"])


def answer_for(scope: Scope, error: Exception) -> JSONResponse:
    problem, headers = problem_of(scope, error)
    return JSONResponse(problem.model_dump(), problem.status, headers, PROBLEM_JSON)


async def handle(request: Request, error: Exception) -> Response:
    return answer_for(request.scope, error)


class RequestIds:
    """Gives each request its id, and an answer to those that nobody answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name.lower() == b"x-request-id"), b"")
        allowed = (string.ascii_letters + string.digits + "._-").encode()
        good = 0 < len(given) <= 64 and set(given) <= set(allowed)
        request_id = given.decode() if good else f"req-{uuid.uuid4()}"
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def labelled(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, labelled)
        except Exception as error:
            if started:
                raise
            await answer_for(scope, error)(scope, receive, labelled)


def create_app(
    settings: Settings, broker: Broker, bars: BarSource, *, clock: Callable[[], datetime] = utc_now
) -> FastAPI:
    """The application, with everything that it depends on handed in."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.parts = Parts(settings, broker, bars, clock, anyio.CapacityLimiter(16))
        yield

    app = FastAPI(title="Trading Katas", lifespan=lifespan)
    app.include_router(router)
    app.add_middleware(RequestIds)
    for kind in (RequestValidationError, HTTPException, Unusable, BrokerError):
        app.add_exception_handler(kind, handle)
    return app
