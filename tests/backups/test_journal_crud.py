"""The lock of a restore in place: one restore of a database at a time, and the next as soon as it has ended."""

from __future__ import annotations

from gencharge.backups import journal_crud
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


def test_who_was_not_the_first_takes_the_lock_from_nobody(settings: Settings) -> None:
    url = settings.migration_url
    with journal_crud.locked(url, "shop") as first:
        for _ in range(3):
            with journal_crud.locked(url, "shop") as late:
                assert (first, late) == (True, False)
