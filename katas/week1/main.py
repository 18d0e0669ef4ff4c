"""The trading API: account, positions, signals and orders over HTTP.

Three habits make it fit for money. A blocking call never runs on the event loop, so one slow
broker doesn't stop the health check. One slow or unknown symbol doesn't fail the others. And every
error has the same shape (RFC 9457) with a request id, and never a secret or a stack trace.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum

from fastapi import FastAPI
from pydantic import BaseModel, Field

from .broker import (
    BarSource,
    Broker,
)
from .config import Settings
from .models import Action

MOST_SYMBOLS = 50
BARS_ASKED = 60
PROBLEM_JSON = "application/problem+json"


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
        `{"status": "ok", "paper": true}`; asks nobody.
    GET /account, GET /positions
        As the broker has them; decimals are JSON strings.
    GET /signals/{symbol}?strategy=combined
        A `SignalOut`, from up to `BARS_ASKED` daily bars. `strategy` is one of `Strategy`; the signals run
        with their default parameters; COMBINED weighs them equally. Only bars with
        `known_at <= clock()` count: the bar of the running session isn't over yet.
    GET /signals?symbols=AAPL,MSFT&strategy=combined
        A `Batch`, asked for concurrently. Each symbol has `settings.bars_timeout` seconds. A symbol
        that fails gets a `Problem` in its own entry and the answer is still 200. Order is kept, a
        repeated symbol is answered once, at most `MOST_SYMBOLS` are taken (422 otherwise).
    POST /orders
        Body: an `OrderRequest` with its `client_order_id` (422 without). 201 and the `Order`; a
        REJECTED order is an order too.
    GET /orders/{order_id}
        The `Order`.
    DELETE /orders/{order_id}
        204 without a body.

    Symbols are taken in upper or lower case and answered in upper case; what can't be one (1 to 10
    letters or digits, then maybe `.B`) is a 422.

    Errors
    ------
    Every error is a `Problem` with media type `application/problem+json`:

        400, 404, 405, …          the framework's own
        422                       a field is wrong: `errors` names each one (`body.qty`,
                                  `query.symbols`, `path.symbol`); InvalidOrderError
        403                       InsufficientFundsError
        404                       NotFoundError
        502                       AuthenticationError, PermissionDeniedError and any other BrokerError:
                                  our side's fault, not the caller's
        503 with Retry-After: 1   RateLimitError, UnavailableError
        504                       OrderOutcomeUnknownError, whose name is in the detail; bars that
                                  took too long
        500                       anything unexpected. It is logged; the answer says nothing of it

    Every answer carries `X-Request-ID`: the caller's, if it is 1 to 64 letters, digits, `.`, `_` or
    `-`; otherwise a fresh one. A problem repeats it as `request_id`.

    Parameters
    ----------
    settings : Settings
        `bars_timeout` and `is_paper` are used.
    broker : Broker
        Its calls block, so they never run on the event loop.
    bars : BarSource
        Asynchronous; may raise any BrokerError.
    clock : callable
        The present instant, timezone-aware.
    """
    raise NotImplementedError
