"""A signed link is for one thing, one purpose, and until an instant."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs

from gencharge.core.http import signed_links
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


def test_what_we_signed_is_valid_until_its_instant_and_nothing_else_is(settings: Settings) -> None:
    thing, now = new_id(), clock.now()
    query = parse_qs(signed_links.query_of(settings, "backup", thing, now + timedelta(minutes=1)))
    until, signature = int(query["until"][0]), query["signature"][0]

    def valid(purpose: str = "backup", of: object = thing, at: object = now, **other: object) -> bool:
        parts = {"until": until, "signature": signature} | other
        return signed_links.is_valid(settings, purpose, of, now=at, **parts)  # type: ignore[arg-type]

    assert valid()
    assert not valid(at=now + timedelta(minutes=2))
    assert not valid(purpose="report")
    assert not valid(of=new_id())
    assert not valid(until=until + 1)
    assert not valid(signature="0" * 64)
