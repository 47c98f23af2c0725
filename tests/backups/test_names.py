"""Names in an archive lead to what they say and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gencharge.backups import names
from gencharge.backups.errors import BackupInvalid


@pytest.mark.parametrize(
    "name",
    [
        "files/../../etc/passwd.pdf.000000",
        "files//etc/cron.d/x.pdf.000000",
        "/etc/passwd.000000",
        "../postgres.dump.000000",
        "files/receipts/.hidden.pdf.000000",
        "mongo/../x.bson.000000",
        "mongo/system.users.bson.000000",
        "mongo/a$b.bson.000000",
        "mongo/.bson.000000",
        "postgres.dump",
        "postgres.dump.1",
        "something.else.000000",
        "",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BackupInvalid):
        names.part_of(name)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("postgres.dump.000012", ("postgres.dump", 12)),
        ("mongo/audit_entries.bson.000000", ("mongo/audit_entries.bson", 0)),
        ("files/receipts/2026/a-1.pdf.000000", ("files/receipts/2026/a-1.pdf", 0)),
    ],
)
def test_a_name_of_a_part_is_its_part_and_its_number(name: str, part: tuple[str, int]) -> None:
    assert names.part_of(name) == part


def test_the_id_says_when_and_finds_its_archive_in_both_forms() -> None:
    at = datetime(2026, 11, 22, 20, 5, 6, tzinfo=UTC)
    backup_id = names.new_backup_id(at, "0a1b2")
    assert backup_id == "20261122t200506z-0000a1b2"
    assert names.is_backup_id(backup_id)
    assert names.made_at(backup_id) == at
    # Two of one second are in their order.
    later = names.new_backup_id(at.replace(microsecond=999_000), "00000")
    assert (later, names.made_at(later)) == ("20261122t200506z-3e700000", at)
    assert backup_id < later
    for sealed in (True, False):
        assert names.id_of_archive(names.archive_key(backup_id, sealed=sealed)) == backup_id
    assert names.id_of_archive(names.description_key(backup_id)) is None
    assert names.id_of_archive("backups/other.tar.zst") is None


def test_a_derived_database_keeps_the_ending_that_development_needs_and_fits() -> None:
    assert names.derived_database("gencharge_dev", "restored", "20261122t200506z") == (
        "gencharge_restored_20261122t200506z_dev"
    )
    long = names.derived_database("g" * 63, "restored", "20261122t200506z")
    assert len(long) == 63
    assert long.endswith("_restored_20261122t200506z")


@pytest.mark.parametrize("name", ['x"; DROP DATABASE y', "Upper", "1st", "", "a" * 64, "postgres dump"])
def test_what_is_no_name_of_a_database_is_refused(name: str) -> None:
    with pytest.raises(BackupInvalid):
        names.checked_database(name)
