"""Retention keeps what it says, and the last good backup in any case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gencharge.backups.retention import Candidate, superfluous

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NONE = {"hourly": 0, "daily": 0, "weekly": 0, "monthly": 0}


def hourly(count: int, **flags: bool) -> list[Candidate]:
    return [Candidate(f"h{n}", NOW - timedelta(hours=n), **flags) for n in range(count)]


def test_the_last_backup_of_each_day_stays_for_so_many_days() -> None:
    candidates = hourly(24 * 10)
    staying = {each.backup_id for each in candidates} - set(superfluous(candidates, NONE | {"daily": 3}))
    # Days in India: 17:30 now, so 23:30 of yesterday is 18 hours ago.
    assert staying == {"h0", "h18", "h42"}


def test_hours_days_weeks_and_months_add_up() -> None:
    candidates = hourly(24 * 100)
    keep = {"hourly": 24, "daily": 7, "weekly": 4, "monthly": 12}
    gone = set(superfluous(candidates, keep))
    staying = [each for each in candidates if each.backup_id not in gone]
    days = {(each.made_at + timedelta(hours=5.5)).date() for each in staying}
    assert 24 < len(staying) <= 24 + 7 + 4 + 12
    assert len(days) >= 7 + 1
    assert {f"h{n}" for n in range(24)} <= {each.backup_id for each in staying}


def test_the_oldest_goes_first() -> None:
    assert superfluous(hourly(4), NONE) == ["h3", "h2", "h1"]


def test_the_last_good_backup_stays_however_old_it_is_and_whatever_came_after_it() -> None:
    old = Candidate("old", NOW - timedelta(days=900), good=True)
    damaged = hourly(50, failed=True)
    gone = superfluous([*damaged, old], NONE | {"hourly": 5})
    assert "old" not in gone
    assert "h0" not in gone  # the newest stays for a look
    assert len(gone) == 49


def test_a_partial_or_damaged_backup_takes_no_place_of_a_whole_one() -> None:
    whole = Candidate("whole", NOW - timedelta(hours=2))
    later = [
        Candidate("partial", NOW - timedelta(hours=1), partial=True),
        Candidate("damaged", NOW, failed=True),
    ]
    assert "whole" not in superfluous([whole, *later], NONE | {"daily": 1})


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.booleans(), st.booleans(), st.booleans()), max_size=40),
    st.integers(0, 3),
)
def test_whatever_there_is_the_newest_good_one_stays(
    rows: list[tuple[int, bool, bool, bool]], count: int
) -> None:
    candidates = [
        Candidate(
            f"{n}", NOW - timedelta(hours=age), good=good and not failed, failed=failed, partial=partial
        )
        for n, (age, good, failed, partial) in enumerate(rows)
    ]
    gone = set(superfluous(candidates, dict.fromkeys(NONE, count)))
    good = [each for each in candidates if each.good and not each.partial]
    if good:
        newest = max(each.made_at for each in good)
        assert any(each.backup_id not in gone for each in good if each.made_at == newest)
    assert len(gone) < len(candidates) or not candidates
