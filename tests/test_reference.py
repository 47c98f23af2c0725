"""The pages that are made from the code: complete, stable, and compared with what is in the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from gencharge.core.errors import Problem
from gencharge.core.events.events import Event
from gencharge.core.http.openapi import kinds_of
from gencharge.core.settings import GROUPS, Settings
from gencharge.run import cli
from gencharge.run.reference import announcements, commands, configuration, markdown, pages, problems
from tests import one_document

ROOT = Path(__file__).parent.parent
DOCUMENT = {"paths": {"/v1/wallet": {"get": {"responses": {"409": {"content": {
    "application/problem+json": {"examples": {"insufficient_balance": {}}}}}}}}}}  # fmt: skip


def text(lines) -> str:  # type: ignore[no-untyped-def]
    """A page as it is written."""
    return "\n".join(lines)


def rows(page: str) -> dict[str, str]:
    """The rows of the page's tables by what stands in the first cell."""
    pairs = re.findall(r"^\| `([^`]+)` \|(.*)$", page, re.MULTILINE)
    assert len(pairs) == len(dict(pairs)), "a row stands twice"
    return dict(pairs)


@pytest.fixture
def plain() -> Settings:
    """Settings without our environment."""
    return Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.fixture(autouse=True)
def one_document_for_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are made of the same document each time."""
    app = one_document.plain_app()
    monkeypatch.setattr(pages, "create_app", lambda _settings: app)


def test_what_is_in_the_repository_is_what_the_code_says(plain: Settings) -> None:
    assert pages.stale(ROOT / "docs", plain, cli.app) == []


def test_a_page_that_was_edited_or_removed_is_stale(tmp_path: Path, plain: Settings) -> None:
    folder = tmp_path / "docs"
    pages.write(folder, plain, cli.app)
    assert pages.stale(folder, plain, cli.app) == []
    (folder / "reference" / "errors.md").unlink()
    (tmp_path / ".env.example").write_text("PORT=1\n")
    assert {path.name for path in pages.stale(folder, plain, cli.app)} == {"errors.md", ".env.example"}


def test_each_setting_has_its_type_its_default_and_its_bounds() -> None:
    settings = rows(text(configuration.page()))
    assert set(settings) == {name.upper() for name in Settings.model_fields}
    assert settings["PORT"].startswith(" whole number, at least 1, at most 65535 | `8000` |")
    assert settings["STEP_UP_MINUTES"].startswith(" number, above 0, at most 60 | `10` |")
    assert settings["OTP_CHANNEL"].startswith(" `console`, `sms`, `smtp` | `console` |")
    assert settings["CORS_ORIGINS"].startswith(" JSON list of texts | `[]` |")
    assert settings["SECRET_KEY"].startswith(" secret | random, for development |")
    assert settings["DATABASE_URL"].endswith("*Needed in production.* |")


def test_the_example_file_has_every_setting_and_no_secret() -> None:
    example = text(configuration.example_file())
    assigned = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert set(assigned) == {name.upper() for name in Settings.model_fields}
    assert assigned["SECRET_KEY"] == assigned["PAYMENT_KEY_SECRET"] == assigned["SIGNING_KEY"] == ""
    assert "development-only" not in example
    assert example.count("(!)") == 1 + sum(
        configuration.is_needed(field) for group in GROUPS for field in group.model_fields.values()
    )


def test_each_command_has_its_usage_and_options() -> None:
    page = text(commands.page(cli.app))
    headings = re.findall(r"^### (.+)$", page, re.MULTILINE)
    count = len(cli.app.registered_commands) + sum(
        len(group.typer_instance.registered_commands) for group in cli.app.registered_groups
    )
    assert len(headings) == len(set(headings)) == count
    assert "    gencharge plans import FILE [--dry-run]\n" in page
    assert "| `--workers NUMBER` | `1` |" in page
    assert "    gencharge login NUMBER\n" in page


def test_each_error_stands_once_under_its_status_with_the_routes_that_answer_so() -> None:
    page = text(problems.page(DOCUMENT))
    errors = rows(page)
    classes = {error.code(): error for error in kinds_of(Problem)}
    assert errors["not_found"].endswith("| any address |")
    assert "plan_not_found" not in errors
    assert "`GET /v1/wallet`" in errors["insufficient_balance"]
    assert "*Top up the wallet" in errors["insufficient_balance"]
    for section in page.split("\n## ")[1:]:
        status = int(section[:3])
        for code in rows(section):
            assert classes[code].status == status, code


def test_each_error_that_a_route_answers_is_explained(app: FastAPI) -> None:
    document = app.openapi()
    errors = rows(text(problems.page(document)))
    named = re.findall(r"#/components/examples/(\w+)", json.dumps(document["paths"]))
    assert set(named) <= set(errors)
    assert len(errors) > 100


def test_each_event_stands_once_with_its_fields_and_listeners() -> None:
    events = rows(text(announcements.page()))
    assert set(events) == {
        name for name, event in Event.registry.items() if event.__module__.startswith("gencharge.")
    }
    assert "`total_paid_paise`" in events["PlanRecharged"]
    assert "notifications.notices" in events["PlanRecharged"]
    assert "`user_id`" not in events["PlanRecharged"]


def test_a_cell_can_hold_any_text() -> None:
    assert list(markdown.table(("a",), [("x|y\nz",)])) == ["| a |", "|---|", "| x\\|y z |", ""]
    assert list(markdown.table(("a",), [])) == []
