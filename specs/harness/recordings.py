"""The recorded world: exchanges from `fixtures/`, served to the real SDK, and a memory of what it sent.

alpaca-py speaks through `requests`; the library `responses` answers in its place. What comes back is
a file of `fixtures/alpaca/` (or what a spec makes up), so that the SDK's own models parse it, and a
lost connection is the exception that `requests` raises for one.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from .curriculum import ROOT

if TYPE_CHECKING:
    from requests import PreparedRequest

FIXTURES = ROOT / "fixtures"
RESET, TIMEOUT = "connection-reset", "timeout"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class UnexpectedRequestError(AssertionError):
    """The code under test asked for something that the spec has no answer to."""


@dataclass(frozen=True)
class Answer:
    """What the other side says: a status and a body (JSON, or text where `text` is given), or a failure."""

    status: int = 200
    body: Any = None
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    error: str | None = None  # RESET or TIMEOUT


@dataclass(frozen=True)
class Sent:
    """One request as it left."""

    method: str
    url: str
    body: Any  # the JSON body, its numbers as Decimal; None without one
    headers: Mapping[str, Any]
    timeout: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def __repr__(self) -> str:
        return f"{self.method} {self.url}"


@dataclass(frozen=True)
class Exchange:
    """One file of recordings: a request, its answer, and where both are from."""

    name: str
    request: Sent
    answer: Answer
    provenance: dict[str, str]


def exchange(name: str, folder: str = "alpaca") -> Exchange:
    """The exchange in `fixtures/<folder>/<name>.json`."""
    raw = json.loads((FIXTURES / folder / f"{name}.json").read_text(encoding="utf-8"))
    asked, came = raw["request"], raw["response"]
    body = came.get("body")
    text = body["text"] if isinstance(body, dict) and set(body) == {"text"} else None
    return Exchange(
        name=name,
        request=Sent(asked["method"], asked["url"], asked.get("body"), asked.get("headers", {}), None),
        answer=Answer(
            status=came.get("status", 0),
            body=None if text is not None else body,
            text=text,
            headers=came.get("headers", {}),
            error=came.get("error"),
        ),
        provenance=raw["provenance"],
    )


def exchanges(folder: str = "alpaca") -> list[Exchange]:
    """All exchanges of the folder, by name."""
    return [exchange(path.stem, folder) for path in sorted((FIXTURES / folder).glob("*.json"))]


Responder = Callable[[Sent], "Answer | None"]


class Wire:
    """Answers requests, and remembers them in `sent`, oldest first.

    Answers to the same request are given in the order in which they were added; the last of them
    is given again and again.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._scripts: list[tuple[str, str, dict[str, str], list[Answer]]] = []
        self._responders: list[Responder] = []

    def recorded(self, *names: str) -> None:
        """Serve these recordings. A request fits when method, path and the recorded query agree."""
        for name in names:
            found = exchange(name)
            self.answer(found.request.method, found.request.url, found.answer)

    def answer(self, method: str, url: str, *answers: Answer) -> None:
        """Serve made-up answers to `method url`; of the URL, host and port don't matter."""
        path, query = urlsplit(url).path, dict(parse_qsl(urlsplit(url).query))
        for known_method, known_path, known_query, script in self._scripts:
            if (known_method, known_path, known_query) == (method, path, query):
                script.extend(answers)
                return
        self._scripts.append((method, path, query, list(answers)))

    def respond(self, responder: Responder) -> None:
        """Let a function answer; it gives None where it has no answer."""
        self._responders.append(responder)

    def posts(self) -> list[Sent]:
        """The requests that may have created something."""
        return [sent for sent in self.sent if sent.method == "POST"]

    def _find(self, sent: Sent) -> Answer:
        for responder in self._responders:
            if (found := responder(sent)) is not None:
                return found
        for method, path, query, script in self._scripts:
            fits = (method, path) == (sent.method, sent.path) and query.items() <= sent.query.items()
            # Without a recorded token it is the first page.
            if fits and ("page_token" in query) == bool(sent.query.get("page_token")):
                return script.pop(0) if len(script) > 1 else script[0]
        known = [f"{method} {path}{_shown(query)}" for method, path, query, _ in self._scripts]
        known += ["a small server made for this spec"] * bool(self._responders)
        raise UnexpectedRequestError(
            f"the broker is asked\n    {sent.method} {sent.path}{_shown(sent.query)}\n"
            f"and here it answers only\n    " + "\n    ".join(known or ["nothing"])
        )

    def on_request(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        """The hook that `responses` calls."""
        given: Any = request.body
        sent = Sent(
            method=str(request.method),
            url=str(request.url),
            body=json.loads(given, parse_float=Decimal, parse_int=Decimal) if given else None,
            headers=dict(request.headers),
            timeout=getattr(request, "req_kwargs", {}).get("timeout"),
        )
        self.sent.append(sent)
        answer = self._find(sent)
        if answer.error is not None:
            _fail(answer.error)
        text = answer.text if answer.text is not None else json.dumps(answer.body)
        return answer.status, {"Content-Type": "application/json", **answer.headers}, text


@contextlib.contextmanager
def wire(*names: str) -> Generator[Wire]:
    """While open, nothing leaves this process: every request through `requests` is answered here."""
    import responses  # with requests it takes a third of a second, which `-k config` need not wait for

    served = Wire()
    served.recorded(*names)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in _METHODS:
            mock.add_callback(method, re.compile(".*"), callback=served.on_request, content_type=None)
        yield served


def requests_told(sent: Sequence[Sent]) -> str:
    """The requests in one line, for an assertion's message."""
    return ", ".join(f"{s.method} {s.path}" for s in sent) or "no request"


def _shown(query: dict[str, str]) -> str:
    return "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""


def _fail(kind: str) -> NoReturn:
    from requests.exceptions import ConnectionError as RequestsConnectionError, ReadTimeout
    from urllib3.exceptions import ProtocolError

    if kind == TIMEOUT:
        raise ReadTimeout("HTTPSConnectionPool(host='paper-api.alpaca.markets', port=443): Read timed out.")
    raise RequestsConnectionError(
        ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
    )
