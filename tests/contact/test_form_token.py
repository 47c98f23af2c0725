"""A form's token says when we issued it, and nobody else can make one."""

from __future__ import annotations

import pytest

from gencharge.contact import form_token
from gencharge.core.settings import Settings
from gencharge.core.values import clock


def test_a_token_says_how_old_it_is(settings: Settings) -> None:
    token = form_token.issue(settings, clock.now())
    with clock.later(seconds=90):
        age = form_token.age_seconds(settings, token, clock.now())
    assert age == pytest.approx(90, abs=1)


def test_a_token_of_more_than_a_day_ago_is_none(settings: Settings) -> None:
    token = form_token.issue(settings, clock.now())
    with clock.later(seconds=form_token.MAX_SECONDS + 1):
        assert form_token.age_seconds(settings, token, clock.now()) is None


@pytest.mark.parametrize("token", ["", ".", "0.0", "zz.zz", "é.é", "19a2b3c4d5e." + "0" * 32])
def test_what_we_did_not_sign_is_no_token(settings: Settings, token: str) -> None:
    assert form_token.age_seconds(settings, token, clock.now()) is None


def test_another_instant_breaks_the_signature(settings: Settings) -> None:
    instant, _, signature = form_token.issue(settings, clock.now()).partition(".")
    forged = f"{int(instant, 16) - 60_000:x}.{signature}"
    assert form_token.age_seconds(settings, forged, clock.now()) is None
