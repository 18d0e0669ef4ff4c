"""Settings: where to trade, with which keys, and never live by accident.

Settings come from the environment (or a `.env` file), because a key in source code ends in a
public repository. Two rules protect the reader: the paper account is the default and real money
takes a second, deliberate switch; and no secret shows up in a repr, a log line or an error.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PAPER_URL = "https://paper-api.alpaca.markets"
LIVE_URL = "https://api.alpaca.markets"
DATA_URL = "https://data.alpaca.markets"

_PREFIX = "ALPACA_"
_PAPER_HOST = "paper-api.alpaca.markets"
_LIVE_HOST = "api.alpaca.markets"
_DATA_HOSTS = frozenset({"data.alpaca.markets", "data.sandbox.alpaca.markets"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(ValueError):  # given
    """The environment doesn't hold usable settings. The message names the variables, never a secret."""


class Settings(BaseSettings):
    """What the platform needs to know before it starts; frozen.

    Each field is read from the environment variable `ALPACA_` + its name in capitals
    (`ALPACA_API_KEY`, `ALPACA_SECRET_KEY`, `ALPACA_BASE_URL`, …) or from `.env` in the working
    directory; the environment wins. Variables of other programs in `.env` are ignored. Fields may
    also be given by keyword, which wins over both.

    Attributes
    ----------
    api_key, secret_key : SecretStr
        Required. White space around them is cut off (a line break copied along breaks the HTTP
        header, and the error would print the key); blank is as bad as missing.
    base_url : str
        Where orders go; the paper account by default. Allowed, whatever the case of the host:
        `https://paper-api.alpaca.markets`; loopback (`localhost`, `127.0.0.1`, `[::1]`, any port,
        http or https); `https://api.alpaca.markets` only together with `allow_live`. Every other
        host is refused, because the keys would be sent there. No path (the SDK appends `/v2`
        itself), query or user name. A trailing slash is cut off.
    data_url : str
        Where prices come from: `https://data.alpaca.markets`, `https://data.sandbox.alpaca.markets`
        or loopback, by the same rules.
    allow_live : bool
        Whether real money may be traded; False by default.
    request_timeout : float
        Seconds after which a request to the broker is given up; above 0; 10 by default.
    bars_timeout : float
        Seconds after which one symbol's prices are given up; above 0; 5 by default.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names the field and doesn't repeat the input.

    Examples
    --------
    >>> settings = Settings(api_key="PK123", secret_key="s3cret", _env_file=None)
    >>> settings.base_url, settings.is_paper
    ('https://paper-api.alpaca.markets', True)
    >>> "s3cret" in repr(settings)
    False
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_file=".env", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    api_key: SecretStr
    secret_key: SecretStr
    base_url: str = PAPER_URL
    data_url: str = DATA_URL
    allow_live: bool = False
    request_timeout: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    bars_timeout: float = Field(default=5.0, gt=0, allow_inf_nan=False)

    @field_validator("api_key", "secret_key")
    @classmethod
    def _not_blank(cls, value: SecretStr) -> SecretStr:
        stripped = value.get_secret_value().strip()
        if not stripped:
            raise ValueError("is blank")
        return SecretStr(stripped)

    @field_validator("base_url", "data_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
            raise ValueError("must start with https:// (http:// only on this machine)")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be a bare address, without path, query or user name")
        if host not in _LOOPBACK and parts.port not in (None, 443):
            raise ValueError(f"must not name port {parts.port}")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("data_url")
    @classmethod
    def _known_data_host(cls, value: str) -> str:
        if urlsplit(value).hostname not in _DATA_HOSTS | _LOOPBACK:
            raise ValueError("is not a host of Alpaca's market data: the keys would be sent there")
        return value

    @model_validator(mode="after")
    def _live_only_on_purpose(self) -> Settings:
        host = urlsplit(self.base_url).hostname
        if host == _LIVE_HOST:
            if not self.allow_live:
                raise ValueError("base_url trades real money: set allow_live as well, if that is meant")
        elif host not in _LOOPBACK | {_PAPER_HOST}:
            raise ValueError("base_url is not a host of Alpaca's trading API: the keys would be sent there")
        return self

    @property
    def is_paper(self) -> bool:
        """Whether `base_url` trades play money: the paper account, or a server on this machine."""
        return urlsplit(self.base_url).hostname != _LIVE_HOST


def get_settings() -> Settings:
    """The settings of this process, read from the environment (and `.env`) at each call.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        Names every environment variable that is missing or wrong (`ALPACA_SECRET_KEY`), all at
        once, and says what is wrong with it. Neither the message nor the traceback holds a secret:
        the error has no cause that repeats the input.
    """
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # the environment gives the rest
    except ValidationError as error:
        problems = [
            _problem(found["loc"], found["type"], found["msg"]) for found in error.errors(include_input=False)
        ]
    # Outside the except block, so that the error carries no context that knows the input.
    raise ConfigError("; ".join(problems))


def _problem(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    told = message.removeprefix("Value error, ")
    if not loc:
        return told.replace("base_url", f"{_PREFIX}BASE_URL").replace("allow_live", f"{_PREFIX}ALLOW_LIVE")
    name = f"{_PREFIX}{str(loc[0]).upper()}"
    return f"{name} is missing" if kind == "missing" else f"{name} {told[:1].lower()}{told[1:]}"
