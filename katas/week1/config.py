"""Settings: where to trade, with which keys, and never live by accident.

Settings come from the environment (or a `.env` file), because a key in source code ends in a
public repository. Two rules protect the reader: the paper account is the default and real money
takes a second, deliberate switch; and no secret shows up in a repr, a log line or an error.
"""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings

PAPER_URL = "https://paper-api.alpaca.markets"
LIVE_URL = "https://api.alpaca.markets"
DATA_URL = "https://data.alpaca.markets"


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

    api_key: SecretStr
    secret_key: SecretStr
    base_url: str = PAPER_URL
    data_url: str = DATA_URL
    allow_live: bool = False
    request_timeout: float = 10.0
    bars_timeout: float = 5.0

    @model_validator(mode="before")
    @classmethod
    def _still_empty(cls, data: Any) -> Any:
        raise NotImplementedError  # take this guard out when you write the model

    @property
    def is_paper(self) -> bool:
        """Whether `base_url` trades play money: the paper account, or a server on this machine."""
        raise NotImplementedError


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
    raise NotImplementedError
