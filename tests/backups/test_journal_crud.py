"""The lock of a restore in place: one restore of a database at a time, and the next as soon as it has ended."""

from __future__ import annotations

import threading
import time

import pytest

from gencharge.backups import crud, journal_crud
from gencharge.core.settings import Settings


def test_of_two_restores_of_a_database_one_is_the_first(settings: Settings) -> None:
    url = settings.migration_url
    with journal_crud.locked(url, "shop") as one, journal_crud.locked(url, "shop") as two:
        assert (one, two) == (True, False)
        with journal_crud.locked(url, "another") as other:
            assert other


def test_the_next_restore_is_the_first_as_soon_as_one_has_ended(settings: Settings) -> None:
    for _ in range(30):
        with journal_crud.locked(settings.migration_url, "shop") as is_first:
            assert is_first


def test_a_restore_waits_until_postgresql_has_ended_the_session_of_a_killed_one(settings: Settings) -> None:
    url = settings.migration_url
    killed = journal_crud.locked(url, "shop")
    assert killed.__enter__()
    # PostgreSQL notices a moment later that its client is gone.
    notices = threading.Timer(0.7, killed.__exit__, (None, None, None))
    notices.start()
    began = time.monotonic()
    with journal_crud.locked(url, "shop") as is_first:
        assert is_first
    assert time.monotonic() - began > 0.5
    notices.join()


def test_who_was_not_the_first_takes_the_lock_from_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crud, "_GONE_SECONDS", 0.2)
    url = settings.migration_url
    with journal_crud.locked(url, "shop") as first:
        for _ in range(3):
            with journal_crud.locked(url, "shop") as late:
                assert (first, late) == (True, False)
