"""Links to unsubscribe: signed, the same for ever, and in no transactional e-mail."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.messages.errors import UnsubscribeLinkInvalid
from gencharge.messages.unsubscribing import Subscription, headers_of, read_token, token_of

OFFERS = Subscription(Recipient("user", new_id()), NotificationType.PROMOTIONAL)
KEY, OTHER = "a-Key-of-the-tests-0123456789-abcdefghij", "another-Key-of-the-tests-0123456789-abcd"


def settings(key: str = KEY, **overrides: Any) -> Settings:
    values = {"secret_key": SecretStr(key), "public_api_url": "https://api.example.in/", **overrides}
    return Settings(_env_file=None, environment="test", **values)  # type: ignore[call-arg]


def test_a_link_leads_back_to_what_it_was_made_for() -> None:
    headers = headers_of(settings(), OFFERS)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = urlsplit(headers["List-Unsubscribe"].strip("<>"))
    assert (link.scheme, link.netloc, link.path) == ("https", "api.example.in", "/v1/messages/unsubscribe")
    assert read_token(settings(), parse_qs(link.query)["token"][0]) == OFFERS


def test_a_transactional_e_mail_has_none_and_neither_has_one_without_an_address_of_the_api() -> None:
    assert headers_of(settings(), Subscription(OFFERS.recipient, NotificationType.TRANSACTIONAL)) == {}
    assert headers_of(settings(public_api_url=""), OFFERS) == {}


def test_nobody_unsubscribes_somebody_else() -> None:
    token = token_of(settings(), OFFERS)
    other = Subscription(Recipient("user", new_id()), OFFERS.type)
    forged = f"{other.name}.{token.rpartition('.')[2]}"
    for wrong in (
        forged,
        token[:-1],
        token + "0",
        "",
        ".",
        "a.b.c.d",
        token.replace("user", "admin"),
        "é" * 9,
    ):
        with pytest.raises(UnsubscribeLinkInvalid):
            read_token(settings(), wrong)


def test_a_link_outlives_a_rotation_of_the_key() -> None:
    token = token_of(settings(), OFFERS)
    assert read_token(settings(OTHER, previous_secret_key=SecretStr(KEY)), token) == OFFERS
    with pytest.raises(UnsubscribeLinkInvalid):
        read_token(settings(OTHER), token)
