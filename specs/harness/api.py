"""An HTTP API under test: a client for it, fakes to stand behind it, and answers that explain themselves.

Plain data only; a spec builds the kata's own types and hands them over. No wait here is endless: what a
spec holds back is let go after `PATIENCE` seconds, so that a wrong solution ends red and not hanging.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from starlette.testclient import TestClient

from .expect import told

PATIENCE = 4.0
PROBLEM_JSON = "application/problem+json"
_PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


# ── what stands behind the API ──


class FakeBroker:
    """A broker whose answers are given beforehand.

    An answer is a value to return, an exception to raise, or a function that is called with the
    arguments. `calls` lists what was asked: `("submit", request)`, `("account",)`.
    """

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.calls: list[tuple[Any, ...]] = []

    def will(self, **answers: object) -> None:
        """From now on answer so, and forget the calls up to now."""
        self.answers.update(answers)
        self.calls.clear()

    def account(self) -> Any:
        return self._answer("account")

    def positions(self) -> Any:
        return self._answer("positions")

    def submit(self, request: Any) -> Any:
        return self._answer("submit", request)

    def order(self, order_id: str) -> Any:
        return self._answer("order", order_id)

    def cancel(self, order_id: str) -> Any:
        return self._answer("cancel", order_id)

    def _answer(self, name: str, *arguments: Any) -> Any:
        self.calls.append((name, *arguments))
        answer = self.answers[name]
        if isinstance(answer, BaseException):
            raise answer.with_traceback(None)
        return answer(*arguments) if callable(answer) else answer


class FakeBars:
    """Daily bars by symbol, the last `limit` of them as asked for.

    A series is a list of bars, oldest first, an exception to raise, or an async function that is
    awaited for either. `asked` lists the symbols in the order in which they were asked for.
    """

    def __init__(self, series: Mapping[str, Any], *, unknown: BaseException) -> None:
        self.series = dict(series)
        self.unknown = unknown
        self.asked: list[str] = []

    def will(self, **series: Any) -> None:
        """From now on answer so, and forget what was asked up to now."""
        self.series = dict(series)
        self.asked.clear()

    async def daily(self, symbol: str, limit: int) -> Any:
        self.asked.append(symbol)
        found: Any = self.series.get(symbol, self.unknown)
        if inspect.iscoroutinefunction(found) or isinstance(found, Together):
            found = await found()
        if isinstance(found, BaseException):
            raise found.with_traceback(None)
        return found[-limit:]


async def never() -> object:
    """Prices that don't come. Whoever is still there after `PATIENCE` seconds is told so."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await asyncio.Event().wait()
    return AssertionError(f"after {PATIENCE:g} seconds nobody had given up waiting for the prices")


class Together:
    """Prices that come once all of `n` symbols have been asked for, and never to those who ask in turn."""

    def __init__(self, n: int, answer: object) -> None:
        self._missing, self._answer = n, answer
        self._all = asyncio.Event()

    async def __call__(self) -> object:
        self._missing -= 1
        if self._missing == 0:
            self._all.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._all.wait()
        return self._answer


class Gate:
    """A blocking call: says when somebody is inside, and holds them until it is opened."""

    def __init__(self, answer: object) -> None:
        self._answer = answer
        self._inside = False
        self._settled, self._opened = threading.Event(), threading.Event()

    def __call__(self, *_: object) -> object:
        self._inside = True
        self._settled.set()
        self._opened.wait(PATIENCE)
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def somebody_is_inside(self, *, unless: Future[Any]) -> bool:
        """Wait for it, but not for ever, and not if the caller is done without having come in."""
        unless.add_done_callback(lambda _: self._settled.set())
        self._settled.wait(PATIENCE)
        return self._inside

    def open(self) -> None:
        self._opened.set()


# ── asking ──


@dataclass(frozen=True)
class Answer:
    """One answer, and the call that led to it."""

    call: str
    status: int
    headers: Mapping[str, str]
    text: str
    raised: list[str] = field(default_factory=list[str])

    @cached_property
    def body(self) -> Any:
        """The parsed JSON; None where there is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object; an empty one where the answer is something else."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def wrong_fields(self) -> list[str]:
        """The fields that a problem's `errors` name, each once, sorted."""
        errors = self.fields.get("errors")
        found = errors if isinstance(errors, list) else []
        return sorted({str(error.get("field")) for error in found if isinstance(error, dict)})

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def request_id(self) -> str:
        return self.headers.get("x-request-id", "")

    def __repr__(self) -> str:
        return f"{self.status} {self.text}".strip()

    def told(self, *, expected: object, got: object = None, because: str = "", **given: object) -> str:
        """The message of a failed assertion about this answer; texts are sentences, not values."""
        if self.status == 500 and self.raised:
            given["raised"] = Words(self.raised[-1])
        given = {name: Words(value) if isinstance(value, str) else value for name, value in given.items()}
        if got is None or isinstance(got, str):
            got = self if got is None else Words(got)
        return told(self.call, got=got, expected=expected, because=because, **given)


class Words(str):
    """Text to be shown without quotation marks."""

    def __repr__(self) -> str:
        return str(self)


class Api:
    """A client of an ASGI app. Use it in a `with` block, so that the app's lifespan runs.

    May be used from several threads at once. An empty kata behind the app is raised, as if it had been
    called directly: an app that turns it into a 500 would hide which one it is.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._raised: list[BaseException] = []
        self._log = _Raised(self._raised)
        self._client = TestClient(self._watched, raise_server_exceptions=False)

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._log)
        self._client.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self._client.__exit__(kind, error, tb)
        finally:
            logging.getLogger().removeHandler(self._log)

    async def _watched(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            self._raised.append(error)
            raise

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        text: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request: `body` as JSON, or `text` as it stands but labelled as JSON."""
        content = json.dumps(body) if text is None and body is not None else text
        # Latin-1 as on the wire, for the client would refuse what a hostile one may send.
        sent = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in (headers or {}).items()]
        if content is not None:
            sent.append((b"content-type", b"application/json"))
        self._raised.clear()
        response = self._client.request(method, path, content=content, headers=sent)
        for error in self._raised:
            if isinstance(error, NotImplementedError):
                raise error
        return Answer(
            call=" ".join(
                [method, path, *_shown_body(content), *(f"[{k}: {v!r}]" for k, v in (headers or {}).items())]
            ),
            status=response.status_code,
            headers=dict(response.headers),
            text=response.text,
            raised=[_where(error) for error in self._raised],
        )

    def get(self, path: str, **headers: str) -> Answer:
        """GET, with headers such as `x_request_id="abc"`."""
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, body)


class _Raised(logging.Handler):
    """Keeps the exceptions that an app logs."""

    def __init__(self, found: list[BaseException]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._found.append(record.exc_info[1])


def _where(error: BaseException) -> str:
    steps = traceback.extract_tb(error.__traceback__)
    place = f" at {steps[-1].filename.rsplit('/', 1)[-1]}:{steps[-1].lineno}" if steps else ""
    return f"{type(error).__name__}: {error}{place}"


def _shown_body(content: str | bytes | None) -> list[str]:
    if content is None:
        return []
    text = content if isinstance(content, str) else content.decode("latin-1")
    return [text if len(text) <= 300 else f"{text[:300]}…"]


# ── judging ──


def expect_status(answer: Answer, status: int, because: str = "") -> Answer:
    """The answer has this status."""
    assert answer.status == status, answer.told(expected=f"status {status}", because=because)
    return answer


def expect_problem(answer: Answer, status: int, because: str = "") -> dict[str, Any]:
    """The answer is a complete RFC 9457 problem of this status; returns it."""
    expect_status(answer, status, because)
    assert answer.media_type == PROBLEM_JSON, answer.told(
        got=f"content-type {answer.headers.get('content-type')}",
        expected=PROBLEM_JSON,
        because="clients tell an error from an answer by it (RFC 9457)",
    )
    expect_problem_shape(answer, answer.body, status, answer.call.split(" ")[1].partition("?")[0])
    return answer.body


def expect_problem_shape(answer: Answer, problem: Any, status: int, instance: str) -> None:
    """The value is a complete problem, on its own or in a batch's entry."""
    fields = set(problem) if isinstance(problem, dict) else set[str]()
    assert fields >= _PROBLEM_FIELDS, answer.told(
        got=problem, expected=f"an object with {', '.join(sorted(_PROBLEM_FIELDS - fields))}"
    )
    for name in ("type", "title", "detail"):
        assert isinstance(problem[name], str), answer.told(got={name: problem[name]}, expected=f"{name}: a text")
    assert problem["status"] == status, answer.told(got={"status": problem["status"]}, expected=f"status: {status}")
    assert problem["instance"] == instance, answer.told(
        got={"instance": problem["instance"]}, expected=f"instance: {instance}", because="that is the path asked for"
    )
    assert problem["request_id"] == answer.request_id, answer.told(
        got={"request_id": problem["request_id"], "X-Request-ID": answer.request_id},
        expected="the same id in both",
        because="support is given the one and searches the log for the other",
    )
    whole = isinstance(problem["errors"], list) and all(
        isinstance(e, dict) and isinstance(e.get("field"), str) and isinstance(e.get("message"), str)
        for e in problem["errors"]
    )
    assert whole, answer.told(got={"errors": problem["errors"]}, expected='a list of {"field": …, "message": …}')


def expect_batch(answer: Answer) -> list[dict[str, Any]]:
    """The entries of a 200 for many symbols: each with its symbol, and a signal or a problem."""
    expect_status(answer, 200, "what fails is told in its own entry")
    entries = answer.fields.get("results")
    assert isinstance(entries, list), answer.told(expected='{"results": [an entry for each symbol]}')
    for entry in entries:
        whole = isinstance(entry, dict) and entry.keys() >= {"symbol", "signal", "problem"}
        assert whole, answer.told(got=entry, expected='{"symbol": …, "signal": …, "problem": …}')
        signal, problem = entry["signal"], entry["problem"]
        assert (isinstance(signal, dict) and problem is None) or (signal is None and isinstance(problem, dict)), (
            answer.told(got=entry, expected="a signal or a problem, and the other one null")
        )
    return entries


def names_a_field(problem: Mapping[str, Any], *fields: str) -> bool:
    """Whether `errors` names one of the fields of the body: by its path, or in the message of a rule over several."""
    return any(
        entry["field"] == f"body.{name}" or (entry["field"].startswith("body") and name in entry["message"])
        for entry in problem["errors"]
        for name in fields
    )
