"""Settings: the paper account by default, real money only on purpose, and no secret on any screen."""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from katas.week1.config import DATA_URL, LIVE_URL, PAPER_URL, ConfigError, Settings, get_settings
from specs.harness.expect import Words, refused, told
from specs.harness.golden import Golden

KEY, SECRET = "PKX7E2M4QV9TLJ3SAMPLE", "wq3vN8rT1kZyB6uXc0pLd5hGf2jM9sAeR7tYoQiW"

# Addresses that look like Alpaca's and belong to somebody else, or would send the keys in the clear.
NOT_ALPACA = {
    "another host": "https://evil.example",
    "a longer name": "https://{host}.evil.example",
    "a name before it": "https://evil-{host}",
    "a subdomain of it": "https://evil.{host}",
    "the parent domain": "https://alpaca.markets",
    "its name as the user": "https://{host}@evil.example",
    "its name and port as user and password": "https://{host}:443@evil.example",
    "a backslash": "https://evil.example\\@{host}",
    "another character that looks alike": "https://{host}\u3002evil.example",
    "a query instead of a path": "https://evil.example?{host}",
    "a fragment": "https://evil.example#{host}",
    "a loopback name of somebody's": "http://localhost.evil.example",
    "a loopback number of somebody's": "http://127.0.0.1.evil.example",
    "loopback as the user": "http://localhost@evil.example",
    "in the clear": "http://{host}",
    "another protocol": "ftp://{host}",
    "no protocol": "{host}",
    "nothing": "",
}
HOSTS = {"base_url": "paper-api.alpaca.markets", "data_url": "data.alpaca.markets"}
each_url = pytest.mark.parametrize("name", HOSTS)
LIVE_SPELLINGS = [
    "https://api.alpaca.markets",
    "https://api.alpaca.markets/",
    "https://API.Alpaca.Markets",
    "HTTPS://API.ALPACA.MARKETS",
    "https://api.alpaca.markets:443",
]


@pytest.fixture(autouse=True)
def nobody_elses_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty working directory, and no variable of a learner's own: a real `.env` must decide no spec."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("ALPACA_")]:
        monkeypatch.delenv(name)


def settings(**given_by_keyword: Any) -> Settings:
    """Settings with both keys, and whatever a spec adds."""
    fields: dict[str, Any] = {"api_key": KEY, "secret_key": SECRET, **given_by_keyword}
    return Settings(**fields)


def accepted(because: str, **given_by_keyword: Any) -> Settings:
    """Settings that must not be refused."""
    try:
        return settings(**given_by_keyword)
    except ValueError as error:
        call = ", ".join(f"{name}={value!r}" for name, value in given_by_keyword.items())
        got = Words(f"{type(error).__name__}: {' '.join(str(error).split())}")
        raise AssertionError(told(f"Settings(…, {call})", got=got, expected="accepted", because=because)) from None


def from_environment(*, reason: str) -> Settings:
    """`get_settings()`, which must succeed here."""
    try:
        return get_settings()
    except ValueError as error:
        raise AssertionError(
            told("get_settings()", got=Words(f"{type(error).__name__}: {error}"), expected="settings", because=reason)
        ) from None


def config_error(**environment: str) -> ConfigError:
    """What get_settings() raises with these variables and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            found = get_settings()
        except ConfigError as error:
            return error
        except ValueError as error:
            raise AssertionError(
                told("get_settings()", got=Words(type(error).__name__), expected="ConfigError", environment=environment)
            ) from None
    raise AssertionError(told("get_settings()", got=found, expected="ConfigError", environment=environment))


def all_that_shows(error: BaseException) -> Iterator[tuple[str, str]]:
    """Every text that a log or a terminal can make of an exception, its causes and contexts; and its name."""
    whose = "its"
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        e = waiting.pop()
        if e is None or any(e is s for s in seen):
            continue
        seen.append(e)
        waiting += [e.__cause__, e.__context__]
        yield from ((f"{whose} message", str(e)), (f"{whose} repr", repr(e)), (f"{whose} args", repr(e.args)))
        whose = "its cause's or context's"
    yield "its traceback", "".join(traceback.format_exception(error))


def leaks(error: BaseException, *secrets: str) -> str:
    """Which secret shows (or the beginning or the end of one), where, and in what line; or nothing."""
    for place, text in all_that_shows(error):
        for line in text.splitlines():
            for secret in secrets:
                if secret[:6] in line or secret[-6:] in line:
                    which = {KEY.lower(): "the API key", SECRET.lower(): "the secret key"}.get(secret.lower(), "a key")
                    return f"{which} in {place}: {line.strip()}"
    return ""


# ── where settings come from ──


def test_the_paper_account_is_the_default() -> None:
    """Whoever sets nothing but keys must not find out by a fill that it was real."""
    found = settings()
    got = {"base_url": found.base_url, "is_paper": found.is_paper, "allow_live": found.allow_live}
    expected = {"base_url": PAPER_URL, "is_paper": True, "allow_live": False}
    assert got == expected, told("Settings(api_key=…, secret_key=…)", got=got, expected=expected)


def test_who_asks_for_a_key_gets_it() -> None:
    """Hidden isn't lost: the broker's client needs the key itself."""
    found = settings()
    got = (found.api_key.get_secret_value(), found.secret_key.get_secret_value())
    assert got == (KEY, SECRET), told("the values of both keys", got=got, expected=(KEY, SECRET))


def test_the_environment_is_read() -> None:
    """Each field has its variable: ALPACA_ and the name in capitals."""
    values = {
        "ALPACA_API_KEY": KEY,
        "ALPACA_SECRET_KEY": SECRET,
        "ALPACA_BASE_URL": "http://127.0.0.1:8123",
        "ALPACA_DATA_URL": "http://127.0.0.1:8124",
        "ALPACA_ALLOW_LIVE": "true",
        "ALPACA_REQUEST_TIMEOUT": "2.5",
        "ALPACA_BARS_TIMEOUT": "0.75",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        found = from_environment(reason="all variables are set and right")
    got = (found.base_url, found.data_url, found.allow_live, found.request_timeout, found.bars_timeout)
    expected = ("http://127.0.0.1:8123", "http://127.0.0.1:8124", True, 2.5, 0.75)
    assert got == expected and found.api_key.get_secret_value() == KEY, told(
        "get_settings()", environment=values, got=got, expected=expected
    )


def dotenv(**values: str) -> None:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")


def test_a_dotenv_file_in_the_working_directory_is_read() -> None:
    """Keys belong in a file that git ignores, not in the source."""
    dotenv(ALPACA_API_KEY=KEY, ALPACA_SECRET_KEY=SECRET, ALPACA_BARS_TIMEOUT="3")
    found = from_environment(reason=".env holds both keys")
    got = (found.api_key.get_secret_value(), found.secret_key.get_secret_value(), found.bars_timeout)
    assert got == (KEY, SECRET, 3.0), told("get_settings(), from .env", got=got, expected=(KEY, SECRET, 3.0))


def test_the_environment_wins_over_the_dotenv_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server the environment is the truth; a forgotten file must not undo it."""
    dotenv(ALPACA_API_KEY="from-the-file", ALPACA_SECRET_KEY=SECRET, ALPACA_BASE_URL="http://localhost:1111")
    monkeypatch.setenv("ALPACA_API_KEY", KEY)
    monkeypatch.setenv("ALPACA_BASE_URL", PAPER_URL)
    found = from_environment(reason="both sources are right")
    got = (found.api_key.get_secret_value(), found.base_url)
    assert got == (KEY, PAPER_URL), told(
        "get_settings()", got=got, expected=(KEY, PAPER_URL), because="the environment has them, .env has others"
    )


def test_a_keyword_wins_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Specs and scripts say what they mean."""
    dotenv(ALPACA_API_KEY="from-the-file", ALPACA_SECRET_KEY=SECRET)
    monkeypatch.setenv("ALPACA_API_KEY", "from-the-environment")
    by_keyword: dict[str, Any] = {"api_key": KEY}
    got = Settings(**by_keyword).api_key.get_secret_value()
    assert got == KEY, told(f"Settings(api_key={KEY!r}).api_key", got=got, expected=KEY)


def test_other_programs_lines_in_the_dotenv_file_do_not_matter() -> None:
    """One .env serves the whole project; an unknown line must not stop the start."""
    dotenv(ALPACA_API_KEY=KEY, ALPACA_SECRET_KEY=SECRET, ANTHROPIC_API_KEY="sk-1", DEBUG="1", ALPACA_SOMETHING_ELSE="x")
    found = from_environment(reason="lines of other programs are ignored")
    assert found.base_url == PAPER_URL, told("get_settings().base_url", got=found.base_url, expected=PAPER_URL)


def test_settings_are_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache filled by the first caller gives the second one the keys of another account."""
    monkeypatch.setenv("ALPACA_SECRET_KEY", SECRET)
    seen: list[str] = []
    for key in ("PK-first", "PK-second"):
        monkeypatch.setenv("ALPACA_API_KEY", key)
        seen.append(from_environment(reason="both keys are set").api_key.get_secret_value())
    assert seen == ["PK-first", "PK-second"], told(
        "get_settings(), twice, with another ALPACA_API_KEY", got=seen, expected=["PK-first", "PK-second"]
    )


# ── timeouts ──


def test_every_request_has_a_deadline_by_default() -> None:
    """Without one, a broker that doesn't answer stops the platform for ever, with its positions open."""
    found = settings()
    got = (found.request_timeout, found.bars_timeout)
    assert got == (10, 5), told("Settings(…): request_timeout, bars_timeout", got=got, expected=(10, 5))


@pytest.mark.parametrize("name", ["request_timeout", "bars_timeout"])
def test_a_deadline_that_never_comes_or_is_past_is_refused(name: str) -> None:
    """0 fails every request, infinity waits for ever, NaN does either, by accident."""
    for seconds in (0, -1, float("inf"), float("nan"), "soon"):
        with refused(f"Settings(…, {name}={seconds!r})", naming=name):
            settings(**{name: seconds})


# ── real money ──


@pytest.mark.note("two-switches")
def test_real_money_takes_a_second_switch() -> None:
    """An address copied from a forum is not a decision. Hosts don't care for case, so the check must not either."""
    for address in LIVE_SPELLINGS:
        with refused(f"Settings(…, base_url={address!r})", naming=["base_url", "allow_live"]):
            settings(base_url=address)


@pytest.mark.note("two-switches")
def test_no_odd_spelling_gets_around_the_switch() -> None:
    """All of these can reach the live account, and none is its address as text. Refused, for whatever reason."""
    live = "api.alpaca.markets"
    for address in (
        f"https://{live}.",
        f"https://paper-api.alpaca.markets@{live}",
        f" https://{live}",
        f"https://@{live}",
    ):
        with refused(f"Settings(…, base_url={address!r})", naming="base_url"):
            settings(base_url=address)


@pytest.mark.note("two-switches")
def test_with_both_switches_it_is_real_money() -> None:
    """And `is_paper` must say so, however the address was written: reports and limits go by it."""
    for address in LIVE_SPELLINGS:
        found = accepted("real money is allowed", base_url=address, allow_live=True)
        call = f"Settings(…, base_url={address!r}, allow_live=True).is_paper"
        assert not found.is_paper, told(call, got=found.is_paper, expected=False)


def test_permission_alone_changes_nothing() -> None:
    """`ALPACA_ALLOW_LIVE=true` in a shared profile must not send a single order to the live account."""
    found = settings(allow_live=True)
    assert found.base_url == PAPER_URL and found.is_paper, told(
        "Settings(…, allow_live=True)", got=(found.base_url, found.is_paper), expected=(PAPER_URL, True)
    )


@pytest.mark.parametrize("word", ["false", "0", "no"])
def test_the_word_false_is_no_permission(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment holds text, and every text but the empty one is true to Python: `bool("false")`."""
    for name, value in {"API_KEY": KEY, "SECRET_KEY": SECRET, "BASE_URL": LIVE_URL, "ALLOW_LIVE": word}.items():
        monkeypatch.setenv(f"ALPACA_{name}", value)
    with refused("get_settings()", naming=["ALPACA_ALLOW_LIVE"], error=ConfigError, ALPACA_ALLOW_LIVE=word):
        get_settings()


def test_settings_can_not_be_changed_afterwards() -> None:
    """Checked once, an address that can be set later is not checked at all."""
    found = settings()
    try:
        found.base_url = LIVE_URL
    except (ValueError, TypeError, AttributeError) as error:
        leak = leaks(error, KEY, SECRET)
        assert not leak, told("settings.base_url = LIVE_URL", got=Words(leak), expected="no key in the error")
    assert found.base_url == PAPER_URL, told(
        "settings.base_url = LIVE_URL", got=found.base_url, expected=f"an error, and {PAPER_URL} as before"
    )


# ── where the keys are sent ──


@pytest.mark.note("whose-host-is-it")
@each_url
def test_a_host_that_is_not_alpacas_gets_no_keys(name: str) -> None:
    """Both keys travel in the headers of each request, to whatever host the address names."""
    for what, address in NOT_ALPACA.items():
        value = address.format(host=HOSTS[name])
        with refused(f"Settings(…, {name}={value!r}, allow_live=True)", naming=name, because=f"it is {what}"):
            settings(**{name: value, "allow_live": True})


@pytest.mark.note("whose-host-is-it")
@each_url
@given(
    label=st.text("abcdefghijklmnopqrstuvwxyz0123456789-.@:/?#[]%\\", min_size=1, max_size=12), where=st.integers(0, 40)
)
def test_nothing_can_be_slipped_into_an_address(name: str, label: str, where: int) -> None:
    """Whatever is put anywhere into a good address: it is refused, or the keys still go to Alpaca."""
    host = HOSTS[name]
    good = f"https://{host}"
    value = good[: 8 + where] + label + good[8 + where :]
    try:
        found = getattr(settings(**{name: value}), name)
    except ValueError:
        return
    still_alpaca = re.fullmatch(rf"https://@?{re.escape(host)}\.?(:|:443)?[/?#]*", found)
    assert still_alpaca, told(f"Settings(…, {name}={value!r}).{name}", got=found, expected=f"refused, or {good}")


@each_url
def test_each_url_has_its_own_hosts(name: str) -> None:
    """Orders sent to the data host are lost in a 404, and nobody looks for them there."""
    wrong = {"base_url": DATA_URL, "data_url": PAPER_URL}[name]
    with refused(f"Settings(…, {name}={wrong!r})", naming=name):
        settings(**{name: wrong})


def test_the_data_sandbox_is_alpacas_too() -> None:
    """The sandbox has a host of its own."""
    address = "https://data.sandbox.alpaca.markets"
    found = accepted("it is one of the two hosts of market data", data_url=address)
    assert found.data_url == address, told(
        f"Settings(…, data_url={address!r}).data_url", got=found.data_url, expected=address
    )


@each_url
def test_an_address_is_bare(name: str) -> None:
    """The SDK appends /v2 itself: /v2/v2/account is a 404 that many have puzzled over (alpaca-trade-api-js #104)."""
    for tail in ("/v2", "/v2/", "/v2/account", "?feed=iex", "#top", ":8443", ":80", ":port", ":99999"):
        value = f"https://{HOSTS[name]}{tail}"
        with refused(f"Settings(…, {name}={value!r})", naming=name):
            settings(**{name: value})


@each_url
def test_a_trailing_slash_is_cut_off(name: str) -> None:
    """`markets//v2/calendar` is not found either (Alpaca-API #141)."""
    plain = f"https://{HOSTS[name]}"
    for value in (plain, f"{plain}/"):
        found = getattr(accepted("it is Alpaca's own address", **{name: value}), name)
        assert found == plain, told(f"Settings(…, {name}={value!r}).{name}", got=found, expected=plain)


@each_url
@given(
    scheme=st.sampled_from(["http", "https"]),
    machine=st.sampled_from(["localhost", "127.0.0.1", "[::1]"]),
    port=st.one_of(st.none(), st.integers(1, 65535)),
)
def test_this_machine_may_listen_on_any_port(name: str, scheme: str, machine: str, port: int | None) -> None:
    """A paper exchange on loopback is what all of this course trades against; nothing leaves the machine."""
    address = f"{scheme}://{machine}" + ("" if port is None else f":{port}")
    found = accepted("it never leaves this machine", **{name: address})
    assert getattr(found, name) == address and found.is_paper, told(
        f"Settings(…, {name}={address!r})", got=(getattr(found, name), found.is_paper), expected=(address, True)
    )


def test_nonsense_on_this_machine_is_refused_as_well() -> None:
    """Otherwise it is found at the first order, by an exception from deep inside the HTTP library."""
    for tail in (":port", ":99999", ":-1", "/v2", "?x=1"):
        with refused(f"Settings(…, base_url='http://localhost{tail}')", naming="base_url"):
            settings(base_url=f"http://localhost{tail}")


# ── secrets ──


def as_log_line(found: Settings) -> str:
    record = logging.LogRecord("platform", logging.INFO, __file__, 1, "started with %s, %r", (found, found), None)
    return logging.Formatter().format(record)


PICTURES: dict[str, Callable[[Settings], str]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda s: f"{s}",
    "a log line": as_log_line,
    "model_dump_json": lambda s: s.model_dump_json(),
    "the repr of model_dump": lambda s: repr(s.model_dump()),
    "the repr of its fields": lambda s: f"{s.api_key!r} {s.secret_key!r} {s.api_key} {s.secret_key}",
}


@pytest.mark.note("where-secrets-leak")
@pytest.mark.parametrize("picture", PICTURES)
def test_no_picture_of_the_settings_shows_a_key(picture: str) -> None:
    """Settings are printed at start-up, by debuggers, by error trackers. A key that was in a log once is spent."""
    shows = PICTURES[picture](settings())
    assert KEY not in shows and SECRET not in shows, told(
        f"{picture} of Settings(api_key={KEY!r}, secret_key={SECRET!r})",
        got=Words(shows),
        expected="neither of the two keys in it",
    )


@pytest.mark.note("where-secrets-leak")
def test_white_space_around_a_key_is_cut_off() -> None:
    """A line break copied along makes the HTTP header invalid, and the exception about that header prints the key."""
    for around in ("\n", "\r\n", " ", "\t", " \n "):
        found = settings(api_key=f"{KEY}{around}", secret_key=f"{around}{SECRET}{around}")
        got = (found.api_key.get_secret_value(), found.secret_key.get_secret_value())
        assert got == (KEY, SECRET), told(f"both keys with {around!r} around them", got=got, expected=(KEY, SECRET))


@pytest.mark.parametrize("name", ["api_key", "secret_key"])
def test_a_blank_key_is_as_bad_as_none(name: str) -> None:
    """`ALPACA_API_KEY=` is what a template of an .env file holds. Found at start-up, it costs a minute."""
    for blank in ("", " ", "\n\t"):
        with refused(f"Settings(…, {name}={blank!r})", naming=name):
            settings(**{name: blank})


WRONG: dict[str, Any] = {
    "base_url": "https://evil.example",
    "data_url": "https://evil.example",
    "allow_live": "perhaps",
    "request_timeout": "soon",
    "bars_timeout": -1,
}


@pytest.mark.note("where-secrets-leak")
@given(
    secret=st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=12, max_size=40),
    wrong=st.sets(st.sampled_from([*WRONG, "api_key", "secret_key"]), min_size=1, max_size=3),
)
def test_no_error_of_settings_repeats_a_key(secret: str, wrong: set[str]) -> None:
    """One field is missing, and pydantic prints all the input with its error, the right keys too (pydantic #9139)."""
    fields: dict[str, Any] = {"api_key": secret, "secret_key": f"{secret}{secret}"}
    fields |= {name: WRONG[name] for name in sorted(wrong & WRONG.keys())}
    for missing in sorted(wrong - WRONG.keys()):
        del fields[missing]
    try:
        got: object = Settings(**fields)
    except ValueError as error:
        leak = leaks(error, secret)
        assert not leak, told(
            "the error of Settings(**fields)", fields=fields, got=Words(leak), expected="no key in it"
        )
    else:
        raise AssertionError(
            told("Settings(**fields)", fields=fields, got=got, expected=f"refused for {sorted(wrong)}")
        )


@pytest.mark.note("where-secrets-leak")
@pytest.mark.parametrize("missing", ["ALPACA_API_KEY", "ALPACA_SECRET_KEY"])
def test_a_missing_key_does_not_show_the_other_one(missing: str) -> None:
    """The traceback of a failed start goes to whoever runs the container, and from there to a chat."""
    environment = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    del environment[missing]
    leak = leaks(config_error(**environment), KEY, SECRET)
    assert not leak, told(
        "traceback of get_settings(), causes and contexts included",
        environment=f"{next(iter(environment))} only",
        got=Words(leak),
        expected="no key in it",
    )


MISPLACED = [
    "{secret}",
    "https://{secret}",
    "https://{secret}@paper-api.alpaca.markets",
    "https://{key}:{secret}@paper-api.alpaca.markets",
    "https://{key}:{secret}",
    "https://paper-api.alpaca.markets:{secret}",
    "https://paper-api.alpaca.markets/{secret}",
    "https://paper-api.alpaca.markets?key={secret}",
    "https://[{secret}]",
    "https://{secret}\uff03",
    "http://localhost:{secret}",
]


@pytest.mark.note("where-secrets-leak")
@pytest.mark.parametrize("name", ["ALPACA_BASE_URL", "ALPACA_DATA_URL", "ALPACA_ALLOW_LIVE", "ALPACA_REQUEST_TIMEOUT"])
def test_a_key_in_the_wrong_variable_is_not_repeated(name: str) -> None:
    """Keys are pasted one line too low, or into the address. Python's own URL errors quote what they can't read."""
    secret = SECRET.lower()  # host names lose their case
    for pattern in MISPLACED:
        value = pattern.format(key=KEY.lower(), secret=secret)
        error = config_error(ALPACA_API_KEY="PK1", ALPACA_SECRET_KEY="another", **{name: value})
        leak = leaks(error, secret, KEY.lower())
        assert not leak, told("the error of get_settings()", **{name: value}, got=Words(leak), expected="no key in it")


# ── which variable ──


def test_an_empty_environment_names_both_keys() -> None:
    """What everybody sees first. It must say what to set."""
    message = str(config_error())
    missing = [name for name in ("ALPACA_API_KEY", "ALPACA_SECRET_KEY") if name not in message]
    assert not missing, told(
        "get_settings()", environment={}, got=Words(message), expected=f"{' and '.join(missing)} named"
    )


FAULTS: dict[str, tuple[dict[str, str | None], set[str]]] = {
    "no key": ({"ALPACA_API_KEY": None}, {"ALPACA_API_KEY"}),
    "blank secret": ({"ALPACA_SECRET_KEY": "  "}, {"ALPACA_SECRET_KEY"}),
    "no secret": ({"ALPACA_SECRET_KEY": None}, {"ALPACA_SECRET_KEY"}),
    "base_url of somebody else": ({"ALPACA_BASE_URL": "https://evil.example"}, {"ALPACA_BASE_URL"}),
    "base_url with a path": ({"ALPACA_BASE_URL": f"{PAPER_URL}/v2"}, {"ALPACA_BASE_URL"}),
    "live, not allowed": ({"ALPACA_BASE_URL": LIVE_URL}, {"ALPACA_BASE_URL", "ALPACA_ALLOW_LIVE"}),
    "data_url of somebody else": ({"ALPACA_DATA_URL": "https://evil.example"}, {"ALPACA_DATA_URL"}),
    "allow_live undecided": ({"ALPACA_ALLOW_LIVE": "perhaps"}, {"ALPACA_ALLOW_LIVE"}),
    "timeout in words": ({"ALPACA_REQUEST_TIMEOUT": "ten"}, {"ALPACA_REQUEST_TIMEOUT"}),
    "no time for bars": ({"ALPACA_BARS_TIMEOUT": "0"}, {"ALPACA_BARS_TIMEOUT"}),
}


@pytest.mark.note("all-at-once")
@given(faults=st.lists(st.sampled_from(list(FAULTS)), min_size=1, max_size=4, unique=True))
def test_every_wrong_variable_is_named_at_once_and_no_other(faults: list[str]) -> None:
    """Deploy, read, mend, deploy again, for each of four variables: an hour. Named together: a minute."""
    environment: dict[str, str | None] = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    wrong: set[str] = set()
    for fault in faults:
        changes, names = FAULTS[fault]
        if not wrong & (changes.keys() | names):
            environment |= changes
            wrong |= names
    settable = {n: v for n, v in environment.items() if v is not None}
    message = str(config_error(**settable))
    every = {name for changes, names in FAULTS.values() for name in (*changes, *names)}
    named = {name for name in every if name in message}
    assert named == wrong, told(
        "get_settings()",
        environment={n: v for n, v in settable.items() if v not in (KEY, SECRET)},
        unset=sorted(n for n, v in environment.items() if v is None),
        got=Words(message),
        expected=f"exactly {', '.join(sorted(wrong))} named",
    )


# ── in one picture ──


def test_what_each_address_means(golden: Golden) -> None:
    """All of it in one table: with and without permission, each address is paper, live or refused."""
    hosts = [PAPER_URL, LIVE_URL, DATA_URL, "http://localhost:8000", "https://[::1]"]
    tails = ["", "/", "/v2", ":443", "?x", ".evil.example"]
    odd = [
        "HTTPS://PAPER-API.ALPACA.MARKETS",
        "http://paper-api.alpaca.markets",
        "https://paper-api.alpaca.markets@x.example",
    ]

    def verdict(address: str, *, allow_live: bool) -> str:
        try:
            return "paper" if settings(base_url=address, allow_live=allow_live).is_paper else "live"
        except ValueError:
            return "refused"

    addresses = [*(host + tail for host in hosts for tail in tails), *odd]
    # To urlsplit its host is ::1, as it is to whoever puts the address together again from the parts.
    addresses.remove("https://[::1].evil.example")
    golden.check(
        {
            address: {"alone": verdict(address, allow_live=False), "allow_live": verdict(address, allow_live=True)}
            for address in addresses
        }
    )
