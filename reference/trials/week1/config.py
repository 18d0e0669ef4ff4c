"""Trial of the settings: environments, .env files and addresses that no spec shows."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import traceback
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_NAMES = ("API_KEY", "SECRET_KEY", "BASE_URL", "DATA_URL", "ALLOW_LIVE", "REQUEST_TIMEOUT", "BARS_TIMEOUT")
_SCHEMES = ["https"] * 9 + ["http", "HTTPS", "wss"]
_GOOD = {
    "base_url": ["paper-api.alpaca.markets", "Paper-Api.Alpaca.Markets", "localhost", "127.0.0.1", "[::1]"],
    "data_url": ["data.alpaca.markets", "DATA.alpaca.markets", "data.sandbox.alpaca.markets", "localhost", "[::1]"],
}
_LIVE = ["api.alpaca.markets", "API.alpaca.markets", "{x}:{x}@api.alpaca.markets"]
_BAD = [
    "paper-api.alpaca.markets",
    "data.alpaca.markets",
    "broker-api.alpaca.markets",
    "alpaca.markets",
    "paper-api.alpaca.markets.{x}.example",
    "{x}paper-api.alpaca.markets",
    "{x}.api.alpaca.markets",
    "paper-api.alpaca.markets@{x}.example",
    "localhost.{x}.example",
    "127.0.0.1.{x}.example",
    "192.168.7.9",
]
_TAILS = [""] * 12 + ["/", "/", ":443", ":8042", ":{x}", ":70000", "/v2", "/v1beta3/stocks", "?{x}=1", "#{x}"]
_WORDS = ["true", "True", "1", "yes", "on", "false", "0", "off"]
_SECONDS = ["0.25", "7", "1e2", "12.5", "1", "30", "0", "-3", "nan", "inf", "{x}"]


def inputs(rng: random.Random) -> dict[str, Any]:
    return {
        "addresses": [_case(rng) for _ in range(40)],
        "environments": [_environment(rng) for _ in range(40)],
    }


def run(week1: SimpleNamespace, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "addresses": [_verdict(week1, *case) for case in given["addresses"]],
        "environments": [_started(week1, **case) for case in given["environments"]],
    }


# ── drawing ──


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("bcdfghjkmnpqrstvwxyz", k=rng.randint(7, 12)))


def _address(rng: random.Random, hosts: list[str]) -> str:
    return f"{rng.choice(_SCHEMES)}://{rng.choice(hosts)}{rng.choice(_TAILS)}".replace("{x}", _word(rng))


def _case(rng: random.Random) -> list[Any]:
    name = rng.choice(["base_url", "data_url"])
    return [name, _address(rng, rng.choice([_GOOD[name], _LIVE, _BAD])), rng.random() < 0.5]


def _values(rng: random.Random) -> dict[str, str]:
    blank = rng.choice(["  ", " ", "\t"])
    drawn = {
        "API_KEY": rng.choice([_word(rng), _word(rng), _word(rng), f" {_word(rng)}\r\n", blank]),
        "SECRET_KEY": rng.choice([_word(rng), _word(rng), _word(rng), f"{_word(rng)}\n", blank]),
        # The live host only bare: with a fault of its own besides, the names in the message are a matter of taste.
        "BASE_URL": rng.choice([_address(rng, _GOOD["base_url"]), _address(rng, _BAD), "https://Api.alpaca.markets"]),
        "DATA_URL": rng.choice(
            [_address(rng, _GOOD["data_url"]), _address(rng, _GOOD["data_url"]), _address(rng, _BAD)]
        ),
        "ALLOW_LIVE": rng.choice(_WORDS).replace("{x}", _word(rng)),
        "REQUEST_TIMEOUT": rng.choice(_SECONDS).replace("{x}", _word(rng)),
        "BARS_TIMEOUT": rng.choice(_SECONDS).replace("{x}", _word(rng)),
    }
    share = {"API_KEY": 0.9, "SECRET_KEY": 0.9}
    return {name: value for name, value in drawn.items() if rng.random() < share.get(name, 0.2)}


def _environment(rng: random.Random) -> dict[str, Any]:
    # A file holds one value a line: no blanks or line breaks there.
    file = {name: text for name, text in _values(rng).items() if text == text.strip() and "#" not in text}
    file |= {"SOMEBODY_ELSES": _word(rng)} if rng.random() < 0.5 else {}
    return {"environment": _values(rng), "file": file if rng.random() < 0.6 else {}}


# ── running ──


def _verdict(week1: SimpleNamespace, name: str, address: str, allow_live: bool) -> dict[str, Any]:
    with _alone({}, {}):
        try:
            fields = {"api_key": "k", "secret_key": "s", "allow_live": allow_live, name: address}
            settings = week1.config.Settings(**fields)
        except Exception as error:
            return {"error": "ValueError" if isinstance(error, ValueError) else type(error).__name__}
        return {"paper": settings.is_paper}


def _started(week1: SimpleNamespace, environment: dict[str, str], file: dict[str, str]) -> dict[str, Any]:
    with _alone(environment, file):
        try:
            settings = week1.config.get_settings()
        except Exception as error:
            return _failed(error, environment, file)
        keys = [settings.api_key.get_secret_value(), settings.secret_key.get_secret_value()]
        shows = f"{settings!r} {settings} {settings.model_dump_json()}"
        return {
            "keys": keys,
            "shows": [key for key in keys if key in shows],
            "paper": settings.is_paper,
            "allow_live": settings.allow_live,
            "timeouts": [settings.request_timeout, settings.bars_timeout],
        }


def _failed(error: Exception, environment: dict[str, str], file: dict[str, str]) -> dict[str, Any]:
    told, shows = str(error), "".join(traceback.format_exception(error))
    values = [environment.get(name, file.get(name, "")).strip() for name in ("API_KEY", "SECRET_KEY")]
    return {
        "error": type(error).__name__,
        "names": [name for name in _NAMES if f"ALPACA_{name}" in told],
        "shows": [value for value in values if value and value in shows],
    }


@contextlib.contextmanager
def _alone(environment: dict[str, str], file: dict[str, str]) -> Generator[None]:
    """Only these variables, and a working directory that holds only this file."""
    before, home = dict(os.environ), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for name in [name for name in os.environ if name.upper().startswith("ALPACA_")]:
                del os.environ[name]
            os.environ.update({f"ALPACA_{name}": value for name, value in environment.items()})
            if file:
                lines = [f"ALPACA_{name}={value}\n" for name, value in file.items()]
                Path(".env").write_text("".join(lines), encoding="utf-8")
            yield
        finally:
            os.chdir(home)
            os.environ.clear()
            os.environ.update(before)
