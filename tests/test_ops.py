"""The dashboard, the alerts and Prometheus' configuration name what a running API and a running worker show."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from gencharge.core.settings import Settings
from tests.make import fork_server
from tests.make.monitored import running

OPS = Path(__file__).parent.parent / "ops"
ALERTS, DASHBOARD, PROMETHEUS = OPS / "alerts.yml", OPS / "dashboard.json", OPS / "prometheus.yml"
PROMTOOL = shutil.which("promtool")
NAME = re.compile(r"\b(?:gencharge|process)_[a-z0-9_]+")
LABELS = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"")
# Prometheus itself adds these.
SCRAPED = {"job", "instance", "exported_job"}


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and what it is."""
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def _samples(page: str) -> dict[str, set[str]]:
    """The labels of each series that a page of metrics can have, by its name."""
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        endings = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_sum", "_count"),
        }.get(family.type, ("",))
        labels = {label for sample in family.samples for label in sample.labels}
        for ending in endings:
            names[family.name + ending] = labels
    return names


@pytest.fixture(scope="module")
def worker_page(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a worker process shows once it has looked."""
    with running("worker", settings, tmp_path_factory.mktemp("worker")) as worker:
        yield _page(worker.port, worker.process, worker.log)


def _page(port: int, worker: fork_server.Process, log: Path) -> str:
    page, deadline = "", time.monotonic() + 180
    while "gencharge_store_up{" not in page or "gencharge_wallets_paise{" not in page:
        assert worker.poll() is None, log.read_text()
        assert time.monotonic() < deadline, page
        time.sleep(0.2)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                page = answer.read().decode()
        except OSError:
            continue
    return page


async def test_all_that_they_name_is_on_a_running_api_and_worker(
    client: httpx.AsyncClient, worker_page: str
) -> None:
    await client.get("/health/live")
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    known = _samples(worker_page) | _samples(answer.text)
    for where, expression in expressions():
        names = set(NAME.findall(expression))
        assert names or "up{" in expression, where
        assert names <= known.keys(), f"{where}: {sorted(names - known.keys())}"
        # A label that no sample has selects nothing, for ever. Where nothing was counted yet, no label is known.
        used = set(LABELS.findall(expression)) - SCRAPED
        own = set[str]().union(*(known[name] for name in names))
        if all(known[name] for name in names):
            assert used <= own | {"le"}, f"{where}: {sorted(used - own)}"


def test_the_worker_shows_every_queue_and_store(worker_page: str) -> None:
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(worker_page):
        for sample in family.samples:
            values.setdefault(sample.name, set()).update(sample.labels.values())
    assert values["gencharge_store_up"] == {"postgresql", "mongodb", "redis"}
    assert values["gencharge_queue_age_seconds"] >= {
        "events",
        "deliveries",
        "recharges",
        "jobs",
        "sms",
        "email",
    }
    assert values["gencharge_wallets_paise"] == {"free", "held"}


def test_no_metric_of_ours_has_a_label_that_may_name_a_customer(worker_page: str) -> None:
    allowed = {
        *(
            "operator",
            "channel",
            "state",
            "what",
            "method",
            "purpose",
            "kind",
            "outcome",
            "queue",
            "part",
            "store",
        ),
        *("listener", "job", "call", "verdict", "budget", "route", "status", "le"),
    }
    for name, labels in _samples(worker_page).items():
        if name.startswith("gencharge_"):
            assert labels <= allowed, name


def test_every_panel_has_a_place_of_its_own_and_every_alert_says_what_to_do() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
            assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]


def test_what_is_scraped_is_what_the_alerts_ask_for() -> None:
    jobs = {
        job["job_name"] for job in yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"]
    }
    named = {job for _, expression in expressions() for job in re.findall(r'job="([^"]+)"', expression)}
    assert jobs == {"gencharge-api", "gencharge-worker"}
    assert named <= jobs


def _promtool(*words: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(  # a tool of the machine, our own files
        [PROMTOOL, *words], cwd=OPS, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian package prometheus) is not installed")
@pytest.mark.parametrize("words", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")])
def test_promtool_accepts_the_rules_and_their_tests(words: tuple[str, ...]) -> None:
    answer = _promtool(*words)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian package prometheus) is not installed")
def test_promtool_accepts_the_expressions_of_the_dashboard_and_the_configuration(tmp_path: Path) -> None:
    rules: list[dict[str, Any]] = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, (_, expression) in enumerate(expressions())
    ]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    answer = _promtool("check", "rules", str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    answer = _promtool("check", "config", "--syntax-only", "prometheus.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_expressions_balance_where_there_is_no_promtool() -> None:
    pairs = {")": "(", "]": "[", "}": "{"}
    for where, expression in expressions():
        opened: list[str] = []
        for letter in re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression):
            if letter in pairs.values():
                opened.append(letter)
            elif letter in pairs:
                assert opened, where
                assert opened.pop() == pairs[letter], where
        assert opened == [], where
