"""A manifest says what is too new, what belongs together and what differs."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.backups import manifest
from gencharge.backups.errors import BackupInvalid, BackupTablesInvalid, BackupTooNew
from tests.make.backups import HEADER


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 2}, "version 2"),
        ({"revision": "0009"}, "revision 0009"),
        ({"postgres_major": 19}, "PostgreSQL 19"),
    ],
)
def test_what_a_newer_version_made_is_refused_with_the_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BackupTooNew, match=reason):
        manifest.check_readable(HEADER | change, revision="0008", postgres_major=18)
    manifest.check_readable(HEADER | {"revision": "0008"}, revision="0008", postgres_major=18)


def test_a_header_without_what_it_must_say_is_refused() -> None:
    for header in ({}, {"format": "x"}, {key: value for key, value in HEADER.items() if key != "revision"}):
        with pytest.raises(BackupInvalid):
            manifest.check_readable(header, revision="0008")


def test_chosen_tables_bring_those_that_they_refer_to() -> None:
    references = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "e")]
    assert manifest.with_dependencies(["a"], ["a", "b", "c", "d", "e"], references) == ["a", "b", "c"]
    with pytest.raises(BackupTablesInvalid, match="no table x, y"):
        manifest.with_dependencies(["a", "y", "x"], ["a", "b"], references)


def test_each_difference_is_a_line() -> None:
    expected = {"tables": {"a": {"rows": 1}, "b": {"rows": 2}}, "audit": {"sequence": 3}, "other": 1}
    actual = {"tables": {"a": {"rows": 1}, "b": {"rows": 1}, "c": {"rows": 0}}, "audit": {"sequence": 3}}
    assert manifest.differences(expected, actual) == [
        "tables: b is {'rows': 1}, and was {'rows': 2}",
        "tables: c is {'rows': 0}, and was missing",
    ]
    assert manifest.differences(expected, expected) == []


def test_the_summary_adds_up() -> None:
    described = {
        "tables": {"a": {"rows": 1}, "b": {"rows": 2}},
        "collections": {"x": 4},
        "parts": {"files": {"entries": 5}},
    }
    assert manifest.summary(described) == {"tables": 2, "rows": 3, "documents": 4, "files": 5}
    assert manifest.summary({}) == {"tables": 0, "rows": 0, "documents": 0, "files": 0}
