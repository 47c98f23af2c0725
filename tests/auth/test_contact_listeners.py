"""The old and the new place are told, over whatever reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gencharge.admins.events import AdminUpdated
from gencharge.auth import contact_listeners
from gencharge.core.events.events import Envelope, Event
from gencharge.core.message import Message, NotSent
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged
from gencharge.users.models import User

OLD, NEW = "+919876543210", "+919123456780"


class Recorder:
    """A channel that keeps what it is to send, or refuses it."""

    name = "recorder"

    def __init__(self, *, refuses: bool = False) -> None:
        self.sent: list[Message] = []
        self.refuses, self.closed = refuses, False

    async def send(self, message: Message) -> None:
        if self.refuses:
            raise NotSent("away")
        self.sent.append(message)

    async def close(self) -> None:
        self.closed = True


@contextmanager
def recording(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Recorder]:
    recorder = Recorder(**options)
    monkeypatch.setattr(contact_listeners, "channel_of", lambda _settings: recorder)
    yield recorder
    assert recorder.closed


def envelope(event: Event) -> Envelope:
    return Envelope(new_id(), clock.now(), event, "r-1", "", "system", "")


def email_changed(user: User, **overrides: Any) -> UserEmailChanged:
    values: dict[str, Any] = {
        "user_id": str(user.user_id),
        "reason": "confirmed by the owner",
        "changes": {"email": {"old": "asha@example.com", "new": "mira@example.com"}},
        "old_counted": True,
        "usable_from": clock.now().isoformat(),
    }
    return UserEmailChanged(**(values | overrides))


async def test_an_address_that_never_counted_is_not_written_to(
    stores: Stores, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {"email": {"old": None, "new": "mira@example.com"}}
    same = {"email": {"old": "mira@example.com", "new": "Mira@example.com"}}
    events = [
        email_changed(user),
        email_changed(user, old_counted=False),
        email_changed(user, changes=first),
        email_changed(user, changes=same),
    ]
    with recording(monkeypatch) as recorder:
        await contact_listeners.tell_owners(stores, [envelope(event) for event in events])
    assert [message.email for message in recorder.sent] == ["asha@example.com"]


async def test_a_new_number_is_told_at_both_numbers_and_by_email(
    stores: Stores, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"phone_number": {"old": OLD, "new": NEW}}
    event = UserPhoneNumberChanged(user_id=str(user.user_id), reason="lost", changes=changes)
    with recording(monkeypatch) as recorder:
        await contact_listeners.tell_owners(stores, [envelope(event)])
    assert [message.phone_number or message.email for message in recorder.sent] == [OLD, NEW, user.email]


async def test_an_admin_whose_colleague_changed_number_and_address_is_told(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = AdminUpdated(
        user_id=str(SYSTEM_USER_ID),
        admin_id=str(new_id()),
        changes={
            "name": {"old": "Ravi", "new": "Ravi Iyer"},
            "email": {"old": "ravi@example.com", "new": "r.iyer@example.com"},
            "phone_number": {"old": OLD, "new": NEW},
        },
    )
    with recording(monkeypatch) as recorder:
        await contact_listeners.tell_owners(stores, [envelope(event)])
    recipients = [message.phone_number or message.email for message in recorder.sent]
    assert recipients == ["ravi@example.com", OLD, NEW]


@pytest.mark.parametrize(
    ("overrides", "recipients"),
    [
        ({"otp_channel": "sms", "gencharge_sms_url": "http://127.0.0.1:1/"}, [OLD, NEW]),
        ({"otp_channel": "smtp", "smtp_host": "127.0.0.1"}, ["ravi@example.com"]),
    ],
)
async def test_what_no_channel_reaches_is_left_out(
    stores: Stores,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    overrides: dict[str, str],
    recipients: list[str],
) -> None:
    changes = {
        "email": {"old": "ravi@example.com", "new": "r.iyer@example.com"},
        "phone_number": {"old": OLD, "new": NEW},
    }
    event = AdminUpdated(user_id=str(SYSTEM_USER_ID), admin_id=str(new_id()), changes=changes)
    other = replace(stores, settings=settings.model_copy(update=overrides))
    with recording(monkeypatch) as recorder:
        await contact_listeners.tell_owners(other, [envelope(event)])
    assert [message.phone_number or message.email for message in recorder.sent] == recipients


async def test_a_message_that_was_not_sent_is_tried_again(
    stores: Stores, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(monkeypatch, refuses=True), pytest.raises(NotSent):
        await contact_listeners.tell_owners(stores, [envelope(email_changed(user))])
