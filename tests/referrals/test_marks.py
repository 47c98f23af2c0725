"""A mark is the same for the same device and address, another one otherwise, and shows neither."""

from __future__ import annotations

from pydantic import SecretStr

from gencharge.core.settings import Settings
from gencharge.referrals.marks import address_mark, device_mark
from gencharge.sessions.models import Origin

HOME = Origin("Pixel 7", "203.0.113.7")


def test_a_mark_tells_devices_and_addresses_apart_and_shows_neither(settings: Settings) -> None:
    mark = device_mark(settings, HOME)
    assert mark == device_mark(settings, Origin("Pixel 7", "203.0.113.7"))
    others = {
        device_mark(settings, Origin("Pixel 8", "203.0.113.7")),
        device_mark(settings, Origin("Pixel 7", "203.0.113.8")),
        address_mark(settings, "203.0.113.7"),
        address_mark(settings, "203.0.113.7|Pixel 7"),
        device_mark(settings.model_copy(update={"otp_secret": SecretStr("another " * 8)}), HOME),
    }
    assert len(others | {mark}) == 6
    assert not {"Pixel", "203"} & {mark[: len(part)] for part in ("Pixel", "203")}
    assert len(mark) == 32
