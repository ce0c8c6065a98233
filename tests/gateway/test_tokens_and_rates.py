"""Tokens that live for a minute, and limits of keys, with a clock of the test's own."""

import pytest
from tritone_gateway.errors import AuthenticationError, RateLimitError
from tritone_gateway.security.rates import Rates
from tritone_gateway.security.tokens import LIFETIME_S, Tokens


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_token_stands_for_its_key_once(clock):
    tokens = Tokens(clock=clock)
    token = tokens.issue("a", "/v1/listen")
    assert tokens.spend(token, "/v1/listen") == "a"
    with pytest.raises(AuthenticationError):
        tokens.spend(token, "/v1/listen")


def test_token_lives_for_a_minute(clock):
    tokens = Tokens(clock=clock)
    in_time, late = tokens.issue("a", "/v1/listen"), tokens.issue("a", "/v1/listen")
    clock.now += LIFETIME_S
    assert tokens.spend(in_time, "/v1/listen")
    clock.now += 1
    with pytest.raises(AuthenticationError):
        tokens.spend(late, "/v1/listen")


def test_token_is_for_its_path(clock):
    tokens = Tokens(clock=clock)
    with pytest.raises(AuthenticationError):
        tokens.spend(tokens.issue("a", "/v1/listen"), "/v1/realtime")


def test_token_of_another_process_needs_the_same_secret(clock):
    token = Tokens("secret", clock).issue("a", "/v1/listen")
    assert Tokens("secret", clock).spend(token, "/v1/listen") == "a"
    with pytest.raises(AuthenticationError):
        Tokens("other", clock).spend(Tokens("secret", clock).issue("a", "/v1/listen"), "/v1/listen")


def test_changed_token_is_refused(clock):
    tokens = Tokens(clock=clock)
    token = tokens.issue("a", "/v1/listen")
    payload, _, signature = token.partition(".")
    for wrong in (
        "",
        ".",
        payload,
        f"{payload}.",
        f".{signature}",
        f"{payload[:-2]}.{signature}",
        token + "a",
        "é.é",
    ):
        with pytest.raises(AuthenticationError):
            tokens.spend(wrong, "/v1/listen")


def test_a_minutes_requests_may_come_at_once_and_then_evenly(clock):
    rates = Rates(clock)

    def ask():
        with rates.request("a", 6, None):
            pass

    for _ in range(6):
        ask()
    with pytest.raises(RateLimitError) as refused:
        ask()
    assert refused.value.retry_after_s == 10
    clock.now += 10
    ask()
    with pytest.raises(RateLimitError):
        ask()
    clock.now += 3600
    for _ in range(6):
        ask()
    with pytest.raises(RateLimitError):
        ask()


def test_keys_do_not_share_their_limits(clock):
    rates = Rates(clock)
    with rates.request("a", 1, 1), rates.request("b", 1, 1):
        pass


def test_failed_request_gives_its_place_back(clock):
    rates = Rates(clock)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), rates.request("a", None, 1):
            raise ZeroDivisionError
