"""The OAuth2 round trip, with the sandbox's login in WeChat's place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask, session

from wxservices.errors import UpstreamRefused, UpstreamSilent
from wxservices.service import Account
from wxservices.wechat import login, oauth

ACCOUNT = Account("wx520c15f417810387", "the-secret")


@pytest.fixture
def trip(app: Flask) -> Iterator[SimpleNamespace]:
    """``begin()`` answers a state, ``finish(state)`` an openid; ``session`` is this browser's."""
    with app.test_request_context():

        def begin() -> str:
            url = oauth.begin(session, "http://localhost/enter", ACCOUNT)
            return parse_qs(urlsplit(url).query)["state"][0]

        def finish(state: str | None, code: str | None = "0a1", account: Account = ACCOUNT) -> str | None:
            return oauth.finish(session, state, code, account)

        yield SimpleNamespace(begin=begin, finish=finish, session=session)


def test_a_round_trip_answers_the_openid(trip: SimpleNamespace) -> None:
    state = trip.begin()

    assert trip.finish(state) == login.official_account("0a1", ACCOUNT).openid
    assert re.fullmatch(r"[0-9a-f]{1,128}", state)


def test_what_else_is_in_the_session_stays(trip: SimpleNamespace) -> None:
    trip.session["wxservices"] = {"draft": 1}
    trip.session.modified = False

    trip.begin()

    assert trip.session["wxservices"].keys() == {"draft", "browser"}
    assert trip.session.modified


def test_several_tabs_may_be_under_way(trip: SimpleNamespace) -> None:
    first, second = trip.begin(), trip.begin()

    assert first != second
    assert trip.finish(first)
    assert trip.finish(second)


def test_a_state_is_good_once_whatever_cookie_comes_with_it(trip: SimpleNamespace) -> None:
    state = trip.begin()
    copied = dict(trip.session)

    assert trip.finish(state)
    assert trip.finish(state) is None
    assert oauth.finish(copied, state, "0a1", ACCOUNT) is None


def test_a_used_state_is_remembered_for_longer_than_it_lives(trip: SimpleNamespace) -> None:
    with time_machine.travel("2026-11-20T00:00:00.9Z", tick=False) as travel:
        state = trip.begin()
        assert trip.finish(state)
        travel.shift(600.05)  # the time in the state is in whole seconds: it is 600 old, not older
        assert trip.finish(state) is None


def test_a_refusal_uses_the_state_up(trip: SimpleNamespace) -> None:
    for code in (None, ""):
        state = trip.begin()
        assert trip.finish(state, code) is None
        assert trip.finish(state) is None


def test_a_state_of_another_browser_is_refused(trip: SimpleNamespace) -> None:
    state = trip.begin()
    other: dict[str, object] = {}

    assert oauth.finish(other, state, "0a1", ACCOUNT) is None
    oauth.begin(other, "http://localhost/enter", ACCOUNT)
    assert oauth.finish(other, state, "0a1", ACCOUNT) is None
    assert trip.finish(state)


def test_a_state_of_another_account_is_refused(trip: SimpleNamespace) -> None:
    assert trip.finish(trip.begin(), account=Account("wx0000000000000000", "the-secret")) is None


def test_a_state_lives_ten_minutes(trip: SimpleNamespace) -> None:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False) as travel:
        early, late = trip.begin(), trip.begin()
        travel.shift(600)
        assert trip.finish(early)
        travel.shift(1)
        assert trip.finish(late) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: None,
        lambda state: "",
        lambda state: "0" * len(state),
        lambda state: state[:-2],
        lambda state: ("0" if state[0] != "0" else "1") + state[1:],
        lambda state: state.upper(),
        lambda state: f" {state}",
        lambda state: f"{state}\n",
        lambda state: f"{state}0",
        lambda state: "令",
        lambda state: "\ud800",
        lambda state: "00" * 100,
        lambda state: b"a.b.c".hex(),
    ],
)
def test_a_spoilt_state_is_refused(trip: SimpleNamespace, spoil: Callable[[str], str | None]) -> None:
    assert trip.finish(spoil(trip.begin())) is None


def test_a_state_of_an_application_with_another_key_is_refused(app: Flask, trip: SimpleNamespace) -> None:
    state = trip.begin()

    app.config["SECRET_KEY"] = "another application's key"
    assert trip.finish(state) is None


def test_a_state_outlives_a_rotation_of_the_key(app: Flask, trip: SimpleNamespace) -> None:
    state = trip.begin()

    app.config.update(SECRET_KEY="a new key", SECRET_KEY_FALLBACKS=["a key for tests"])
    assert trip.finish(state)


def test_what_wechat_says_of_the_code_goes_through(trip: SimpleNamespace) -> None:
    with pytest.raises(UpstreamRefused):
        trip.finish(trip.begin(), "invalid")
    with pytest.raises(UpstreamSilent):
        trip.finish(trip.begin(), "timeout")
