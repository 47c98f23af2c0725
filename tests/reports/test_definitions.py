"""What reports are: names, columns and statements that fit each other."""

from __future__ import annotations

import pytest

from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.core.values.language import Language
from gencharge.core.wording import in_language, texts
from gencharge.reports import service
from gencharge.reports.definitions import Kind, Report
from gencharge.reports.headings import WORDS
from tests.make.reports import order_of

ALL = [*service.REPORTS.values(), *service.OWN_REPORTS.values()]
# What signs somebody in, or says how: it is in no report.
SECRET = ("token", "hash", "secret", "password", "otp", "key", "device", "address")


@pytest.mark.parametrize("report", ALL, ids=lambda report: f"{report.resource}-{report.name}")
def test_a_report_names_columns_that_its_statement_has(report: Report, stores: Stores) -> None:
    names = [column.name for column in report.columns]
    assert len(set(names)) == len(names)
    assert set(report.brief) <= set(names)
    assert report.chart is None or {report.chart.label, report.chart.value} <= set(report.brief)
    assert (report.select is None) != (report.stream is None)
    for column in report.columns:
        assert not column.total or column.kind in {Kind.MONEY, Kind.INTEGER}, column
        assert column.about.endswith((".", "...")), column
    if report.select is not None and report.resource is not None:
        month = {"month": "2026-11"} if report.name.startswith("gst-") else {}
        statement = report.select(order_of(stores, report.name, **month).ask)
        assert set(names) <= set(statement.selected_columns.keys())


def test_the_thirteen_reports_that_were_asked_for_are_there() -> None:
    asked = {
        "admins",
        "autopay",
        "backups",
        "active-plans",
        "offers",
        "plans",
        "referrals",
        "roles",
        "sessions",
        "transactions",
        "users",
        "archived-users",
    }
    assert asked <= set(service.REPORTS)
    assert {"transactions", "statement"} == set(service.OWN_REPORTS)
    assert {"gst-supplies", "gst-services", "gst-documents", "settlement", "audit"} <= set(service.REPORTS)


def test_every_column_and_filter_has_words_that_hindi_has_too() -> None:
    hindi = texts(Language.HINDI)
    for report in ALL:
        assert report.title in hindi
        sentences = [column.words for column in report.columns]
        sentences += [WORDS[name] for name in service.filters_of(report)]
        assert [sentence for sentence in sentences if sentence not in hindi] == [], report.name
        # One sheet has no two columns of the same name.
        for language in Language:
            shown = [in_language(column.words, language) for column in report.columns]
            assert len(set(shown)) == len(shown), (report.name, language, shown)


def test_no_column_of_sessions_could_sign_anybody_in() -> None:
    names = [column.name for column in service.REPORTS["sessions"].columns]
    assert [name for name in names if any(word in name for word in SECRET)] == []


def test_columns_come_in_the_order_of_their_names() -> None:
    report = service.REPORTS["roles"]
    assert [column.name for column in report.choose("permission, role")] == ["permission", "role"]
    assert report.choose(None) == report.columns
    assert [column.name for column in report.choose(None, brief=True)] == list(report.brief)


@pytest.mark.parametrize("names", ["", ",", "role,,permission", "role,role", "Role", "role;permission"])
def test_what_names_no_columns_is_refused_with_those_that_there_are(names: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        service.REPORTS["roles"].choose(names)
    assert refused.value.errors is not None
    assert "role_id, role, description, permission, holders, updated_at" in refused.value.errors[0]["message"]
