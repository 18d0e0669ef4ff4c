"""The trading API: account, positions, signals and orders over HTTP.

Three habits make it fit for money. A blocking call never runs on the event loop, so one slow
broker doesn't stop the health check. One slow or unknown symbol doesn't fail the others. And every
error has the same shape (RFC 9457) with a request id, and never a secret or a stack trace.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from .broker import (
    BarSource,
    Broker,
    BrokerError,
    InsufficientFundsError,
    InvalidOrderError,
    NotFoundError,
    OrderOutcomeUnknownError,
    RateLimitError,
    UnavailableError,
)
from .config import Settings
from .models import Account, Action, Bar, Order, OrderRequest, Position, Signal
from .signals import combine, mean_reversion, momentum, sma_crossover

MOST_SYMBOLS = 50
BARS_ASKED = 60
PROBLEM_JSON = "application/problem+json"

_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}(\.[A-Za-z]{1,2})?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WEIGHTS = {"sma_crossover": 1.0, "momentum": 1.0, "mean_reversion": 1.0}
# In the OpenAPI document, in place of the framework's own 422.
_PROBLEM_DOC: dict[str, Any] = {
    "description": "What went wrong (RFC 9457)",
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_log = logging.getLogger(__name__)


class Strategy(str, Enum):
    """Which signal is asked for; COMBINED is the equally weighted vote of the other three."""

    COMBINED = "combined"
    SMA_CROSSOVER = "sma_crossover"
    MOMENTUM = "momentum"
    MEAN_REVERSION = "mean_reversion"


class FieldProblem(BaseModel):  # given
    """One field of a request that can't be used. `field` is a dotted path such as `body.qty`."""

    field: str
    message: str


class Problem(BaseModel):  # given
    """An error as RFC 9457 has it, with the request's id and the fields at fault."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldProblem] = Field(default_factory=list[FieldProblem])


class SignalOut(BaseModel):  # given
    """A signal and what it rests on: `as_of` is when the last bar used was known, None without bars."""

    symbol: str
    strategy: Strategy
    as_of: datetime | None
    action: Action
    strength: float
    reason: str


class BatchEntry(BaseModel):  # given
    """One symbol of a batch: its signal, or the problem that it had."""

    symbol: str
    signal: SignalOut | None = None
    problem: Problem | None = None


class Batch(BaseModel):  # given
    """The answers for many symbols, in the order in which they were asked."""

    results: list[BatchEntry]


def utc_now() -> datetime:  # given
    """The wall clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, broker: Broker, bars: BarSource, *, clock: Callable[[], datetime] = utc_now
) -> FastAPI:
    """The application, with everything that it depends on handed in.

    Routes
    ------
    GET /health
        `{"status": "ok", "paper": true}`, `paper` being `settings.is_paper`; asks nobody.
    GET /account, GET /positions
        As the broker has them: every field, decimals as JSON strings with all their digits.
    GET /signals/{symbol}?strategy=combined
        A `SignalOut`, from up to `BARS_ASKED` daily bars. `strategy` is one of `Strategy`; the signals
        run with their default parameters; COMBINED weighs them equally. Only bars with
        `known_at <= clock()` count: the bar of the running session isn't over yet. `as_of` is the
        `known_at` of the last bar that counts. Prices that take longer than `settings.bars_timeout`
        seconds are given up (504).
    GET /signals?symbols=AAPL,MSFT&strategy=combined
        A `Batch`: for each symbol what the route above would answer. All of them are asked for
        concurrently, each with `bars_timeout` seconds of its own. A symbol that fails, for whatever
        reason, gets the `Problem` in its own entry, and the answer is still 200. Order is kept, a
        repeated symbol is answered once, at most `MOST_SYMBOLS` different ones are taken (422
        otherwise).
    POST /orders
        Body: an `OrderRequest` with its `client_order_id` (422 without). 201 and the `Order`; a
        REJECTED order is an order too.
    GET /orders/{order_id}
        The `Order`.
    DELETE /orders/{order_id}
        204 without a body.

    A symbol is one to ten of A–Z and 0–9, a letter first, then perhaps a dot and one or two letters
    (`BRK.B`). Lower case and spaces around it are taken, and it is answered in upper case. Anything
    else, the empty part of `AAPL,,MSFT` among it, is a 422 for the whole request, and nobody is asked.

    Errors
    ------
    Every error is a `Problem` with media type `application/problem+json`:

        400, 404, 405, …          the framework's own, with its headers (a 405 has `Allow`)
        422                       the request is wrong, and the broker isn't asked; or InvalidOrderError
        403                       InsufficientFundsError
        404                       NotFoundError
        502                       AuthenticationError, PermissionDeniedError and any other BrokerError:
                                  our side's fault, not the caller's
        503 with Retry-After: 1   RateLimitError, UnavailableError
        504                       OrderOutcomeUnknownError, with its `client_order_id` in the detail;
                                  bars that took too long
        500                       any other exception, ValueError and the models' own ValidationError
                                  among them: raised behind the routes they are our fault. It is logged
                                  (`logging`, with traceback and request id); the answer says nothing of it

    `title` is the status's phrase, `detail` says what went wrong (for a 403, 404 or 422 of the
    broker's in the broker's words), `instance` is the path of the request without its query.
    `errors` lists what is wrong with a request, each with the dotted path of its field: `body.qty`,
    `body.client_order_id`, `query.symbols`, `query.strategy`, `path.symbol`. A rule over several fields
    has one of them, or `body`, as its field, and their names in its message. A body that is no JSON
    object has `body`.

    Every answer, errors and the 500 among them, carries `X-Request-ID`: the caller's, if it is 1 to 64
    ASCII letters, digits, `.`, `_` or `-`; otherwise a fresh one, made by the same rule. A problem
    repeats it as `request_id`, in a batch too.

    Parameters
    ----------
    settings : Settings
        `bars_timeout` and `is_paper` are used.
    broker : Broker
        Its calls block, so they never run on the event loop: while one of them waits, every other
        request is answered.
    bars : BarSource
        Asynchronous; may raise any BrokerError.
    clock : callable
        The present instant, timezone-aware.
    """
    app = FastAPI(
        title="Trading Katas",
        version="1",
        description="Paper trading: account, signals, orders.",
        responses={"default": _PROBLEM_DOC},
    )
    _install_errors(app)

    async def signal_for(symbol: str, strategy: Strategy) -> SignalOut:
        now = clock()
        try:
            async with asyncio.timeout(settings.bars_timeout):
                found = await bars.daily(symbol, BARS_ASKED)
        except TimeoutError:
            raise HTTPException(504, f"no prices of {symbol} in {settings.bars_timeout:g} seconds") from None
        known = [bar for bar in found if bar.known_at <= now]
        signal = _signal(strategy, known)
        return SignalOut(
            symbol=symbol,
            strategy=strategy,
            as_of=known[-1].known_at if known else None,
            action=signal.action,
            strength=signal.strength,
            reason=signal.reason,
        )

    @app.get("/health")
    async def health() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {"status": "ok", "paper": settings.is_paper}

    # Plain `def`: FastAPI runs these in its thread pool, where the broker may block.
    @app.get("/account")
    def account() -> Account:  # pyright: ignore[reportUnusedFunction]
        return broker.account()

    @app.get("/positions")
    def positions() -> list[Position]:  # pyright: ignore[reportUnusedFunction]
        return broker.positions()

    @app.get("/signals/{symbol}")
    async def signal(  # pyright: ignore[reportUnusedFunction]
        symbol: str, strategy: Strategy = Strategy.COMBINED
    ) -> SignalOut:
        return await signal_for(_symbol(symbol, "path.symbol"), strategy)

    @app.get("/signals")
    async def batch(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        symbols: Annotated[str, Query(min_length=1)],
        strategy: Strategy = Strategy.COMBINED,
    ) -> Batch:
        wanted = list(dict.fromkeys(_symbol(s, "query.symbols") for s in symbols.split(",")))
        if len(wanted) > MOST_SYMBOLS:
            raise _FieldError("query.symbols", f"{len(wanted)} symbols, at most {MOST_SYMBOLS}")

        async def entry(symbol: str) -> BatchEntry:
            try:
                return BatchEntry(symbol=symbol, signal=await signal_for(symbol, strategy))
            except Exception as error:
                return BatchEntry(symbol=symbol, problem=_problem(request, error))

        return Batch(results=await asyncio.gather(*(entry(symbol) for symbol in wanted)))

    @app.post("/orders", status_code=201)
    def submit(order: OrderRequest) -> Order:  # pyright: ignore[reportUnusedFunction]
        if order.client_order_id is None:
            raise _FieldError("body.client_order_id", "is missing: without it a repeat is a second order")
        return broker.submit(order)

    @app.get("/orders/{order_id}")
    def order(order_id: str) -> Order:  # pyright: ignore[reportUnusedFunction]
        return broker.order(order_id)

    @app.delete("/orders/{order_id}", status_code=204)
    def cancel(order_id: str) -> None:  # pyright: ignore[reportUnusedFunction]
        broker.cancel(order_id)

    return app


class _FieldError(ValueError):
    """A request that is well-formed and still unusable."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.problem = FieldProblem(field=field, message=message)


def _symbol(text: str, field: str) -> str:
    symbol = text.strip(" ")
    if not _SYMBOL.fullmatch(symbol):
        raise _FieldError(field, f"{text[:20]!r} is not a symbol")
    return symbol.upper()  # after the check: "ſ".upper() is "S"


def _signal(strategy: Strategy, bars: Sequence[Bar]) -> Signal:
    closes = [bar.close for bar in bars]
    single: dict[str, Callable[[], Signal]] = {
        "sma_crossover": lambda: sma_crossover(closes),
        "momentum": lambda: momentum(closes),
        "mean_reversion": lambda: mean_reversion(closes),
    }
    if strategy is Strategy.COMBINED:
        return combine({name: ask() for name, ask in single.items()}, _WEIGHTS)
    return single[strategy.value]()


def _install_errors(app: FastAPI) -> None:
    """One shape for every error, one id for every request."""

    @app.middleware("http")
    async def request_id(  # pyright: ignore[reportUnusedFunction]
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        given = request.headers.get("x-request-id", "")
        request.state.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        try:
            response = await call_next(request)
        except Exception as error:
            # Here rather than in a handler for Exception: Starlette runs that one outside this
            # middleware, and its answer would lack the id.
            response = _answer(request, error)
        response.headers["X-Request-ID"] = request.state.request_id
        return response

    async def answer(request: Request, error: Exception) -> Response:
        return _answer(request, error)

    for kind in (RequestValidationError, HTTPException, BrokerError, _FieldError):
        app.add_exception_handler(kind, answer)


def _answer(request: Request, error: Exception) -> Response:
    problem = _problem(request, error)
    # Only the framework's own: other exceptions carry headers too (urllib's HTTPError), and not for our caller.
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if isinstance(error, RateLimitError | UnavailableError) and problem.status == 503:
        headers["Retry-After"] = "1"
    return JSONResponse(problem.model_dump(), problem.status, headers=headers, media_type=PROBLEM_JSON)


def _problem(request: Request, error: Exception) -> Problem:
    status, detail, errors = _told(error)
    if status == 500:
        _log.error("unexpected error in request %s", request.state.request_id, exc_info=error)
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=quote(request.scope["path"]),
        request_id=request.state.request_id,
        errors=errors,
    )


def _told(error: Exception) -> tuple[int, str, list[FieldProblem]]:
    """Status, detail and fields for an error; nothing of an error that nobody expected."""
    match error:
        case RequestValidationError():
            found = cast("Sequence[dict[str, Any]]", error.errors())
            errors = [
                FieldProblem(field=_path(e["loc"], e["msg"]), message=e["msg"].removeprefix("Value error, "))
                for e in found
            ]
            return 422, "; ".join(f"{e.field}: {e.message}" for e in errors), errors
        case _FieldError():
            return 422, str(error), [error.problem]
        case HTTPException():
            return error.status_code, str(error.detail), []
        case OrderOutcomeUnknownError():
            return 504, f"{error}; repeat with client_order_id {error.client_order_id}", []
        case InsufficientFundsError():
            return 403, str(error), []
        case NotFoundError():
            return 404, str(error), []
        case InvalidOrderError():
            return 422, str(error), []
        case RateLimitError() | UnavailableError():
            return 503, str(error), []
        case BrokerError():
            return 502, str(error), []
        case _:
            return 500, "an unexpected error; the log has it under the request id", []


def _path(loc: Sequence[int | str], message: str) -> str:
    """`("body", "qty")` → `body.qty`. A rule over several fields names the first that it speaks of."""
    path = [str(part) for part in loc]
    if path[0] == "body" and len(loc) == 2 and isinstance(loc[1], int):
        path = ["body"]  # no JSON at all: the number is where the parser stopped
    elif path == ["body"]:
        named = [field for field in OrderRequest.model_fields if re.search(rf"\b{field}\b", message)]
        path += named[:1]
    return ".".join(path)
