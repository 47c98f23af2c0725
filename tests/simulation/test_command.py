"""`gencharge simulate` touches no other data, and says plainly what it found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gencharge.run import cli, simulate_command
from simulation.inspection import Report

ELSEWHERE = {
    "DATABASE_URL": "postgresql://somebody@db.example/theirs",
    "MIGRATION_DATABASE_URL": "postgresql://somebody@db.example/theirs",
    "MONGO_URL": "mongodb://db.example",
    "REDIS_URL": "redis://db.example",
    "ENVIRONMENT": "test",
}


def test_no_setting_of_an_installation_leads_to_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    settings = simulate_command.settings_of(tmp_path)
    for url in (settings.postgres_url, settings.mongodb_url, settings.redis_server_url):
        assert "db.example" not in url
    assert settings.migration_database_url == ""
    assert settings.is_development


def _simulated(monkeypatch: pytest.MonkeyPatch, report: Report) -> tuple[int, str]:
    monkeypatch.setattr(simulate_command, "_run", lambda folder, size: report)
    result = CliRunner().invoke(cli.app, ["simulate", "--days", "2", "--customers", "1"])
    return result.exit_code, result.output


def test_true_books_end_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = _simulated(monkeypatch, Report(Counter(recharges=3), Counter(), [], "abc"))
    assert code == 0
    assert "3  recharges" in text
    assert "The books are true" in text


def test_anything_wrong_ends_with_1_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [f"customer {number} is a rupee short" for number in range(50)]
    code, text = _simulated(monkeypatch, Report(Counter(), Counter(), problems, "abc"))
    assert code == 1
    assert "FAIL  customer 39" in text
    assert "and 10 more" in text
    assert "The books are true" not in text
