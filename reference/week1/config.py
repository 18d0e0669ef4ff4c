"""Settings: where to trade, with which keys, and never live by accident.

Settings come from the environment (or a `.env` file), because a key in source code ends in a
public repository. Two rules protect the reader: the paper account is the default and real money
takes a second, deliberate switch; and no secret shows up in a repr, a log line or an error.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PAPER_URL = "https://paper-api.alpaca.markets"
LIVE_URL = "https://api.alpaca.markets"
DATA_URL = "https://data.alpaca.markets"

_PREFIX = "ALPACA_"
_LIVE_HOST = "api.alpaca.markets"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOSTS = {
    "base_url": frozenset({"paper-api.alpaca.markets", _LIVE_HOST}),
    "data_url": frozenset({"data.alpaca.markets", "data.sandbox.alpaca.markets"}),
}


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
        itself), query, fragment or user name, and no port but 443 on Alpaca's hosts. A trailing
        slash is cut off. What is no address at all (a port that is no number from 0 to 65535, say) is
        refused like the rest.
    data_url : str
        Where prices come from: `https://data.alpaca.markets`, `https://data.sandbox.alpaca.markets`
        or loopback, by the same rules.
    allow_live : bool
        Whether real money may be traded; False by default. It permits and does nothing else: with
        the default `base_url` the orders still go to the paper account.
    request_timeout : float
        Seconds after which a request to the broker is given up; finite, above 0; 10 by default.
    bars_timeout : float
        Seconds after which one symbol's prices are given up; finite, above 0; 5 by default.

    Raises
    ------
    pydantic.ValidationError
        A `ValueError` that names every field that is missing or wrong, and repeats nothing of the
        input: people paste keys into the wrong variable, and a wrong address may hold one. The live
        host without `allow_live` names `base_url` and `allow_live`.

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
    allow_live: bool = Field(default=False, validate_default=True)
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
    def _a_known_address(cls, value: str, info: ValidationInfo) -> str:
        scheme, host, port, address = _address(value)
        if host in _LOOPBACK:
            return address
        if scheme != "https":
            raise ValueError("must start with https:// (http:// only on this machine)")
        if host not in _HOSTS[info.field_name or ""]:
            raise ValueError("is not a host of Alpaca's for this purpose: the keys would be sent there")
        if port not in (None, 443):
            raise ValueError("must not name a port")
        return f"{scheme}://{host}"

    # On the field, not on the model: a validator of the whole model runs only when all fields are right,
    # and the error would then name one variable after another instead of all at once.
    @field_validator("allow_live")
    @classmethod
    def _live_only_on_purpose(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and urlsplit(info.data.get("base_url", PAPER_URL)).hostname == _LIVE_HOST:
            raise ValueError("must be true as well, if base_url is meant to trade real money")
        return value

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
        once and no other, and says what is wrong with it. The live host without permission names
        `ALPACA_BASE_URL` and `ALPACA_ALLOW_LIVE`. Neither the message nor the traceback holds a
        secret or any other input, and nor has the error a cause or context that repeats it.
    """
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # the environment gives the rest
    except ValidationError as error:
        problems = [_problem(found["loc"], found["type"], found["msg"]) for found in error.errors(include_input=False)]
    # Outside the except block, so that the error carries no context that knows the input.
    raise ConfigError("; ".join(problems))


def _address(value: str) -> tuple[str, str, int | None, str]:
    """Scheme, host and port of a bare address, and the address put together from them."""
    try:
        parts = urlsplit(value.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # Said in our own words: urllib's repeat a part of the address.
        raise ValueError("is not an address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must start with https://")
    place = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    # What isn't host or port (a user name, say) is left over in netloc.
    if parts.path.strip("/") or parts.query or parts.fragment or parts.netloc.lower() != place:
        raise ValueError("must be a bare address, without path, query, fragment or user name")
    return parts.scheme, host, port, f"{parts.scheme}://{place}"


def _problem(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    name = f"{_PREFIX}{str(loc[0]).upper()}"
    if kind == "missing":
        return f"{name} is missing"
    told = message.removeprefix("Value error, ").replace("base_url", f"{_PREFIX}BASE_URL")
    return f"{name} {told[:1].lower()}{told[1:]}"
