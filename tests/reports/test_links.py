"""Links to report files: ours, for one file, until they expire."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.reports import links


def test_a_link_works_for_its_file_until_it_expires(settings: Settings) -> None:
    now, file_id = clock.now(), new_id()
    path = links.path_of(settings, file_id, now + timedelta(hours=1))
    parts = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    until, signature = int(parts["until"]), parts["signature"]
    assert links.is_valid(settings, file_id, until, signature, now)
    assert not links.is_valid(settings, file_id, until, signature, now + timedelta(hours=1))
    assert not links.is_valid(settings, new_id(), until, signature, now)
    assert not links.is_valid(settings, file_id, until + 1, signature, now)
    assert not links.is_valid(settings, file_id, until, "0" * 64, now)
