"""A real Prometheus (Debian package) reads an API and a worker with our configuration, our rules and our dashboard.

What it says is compared with what the files name; `tests/test_ops.py` compares the same without it, and has promtool check them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from gencharge.core.settings import Settings
from tests.make.monitored import Monitored, free_port, running
from tests.test_ops import ALERTS, NAME, PROMETHEUS, expressions

PROGRAM = shutil.which("prometheus")
TOKEN = "a-token-of-these-tests-that-is-long-enough"
# Two processes and Prometheus start, on a machine that may do much else.
PATIENCE_SECONDS = 180
LOOKED_AT = ("gencharge_store_up", "gencharge_wallets_paise")


@contextmanager
def prometheus(folder: Path, api: Monitored, worker: Monitored) -> Iterator[httpx.Client]:
    """It reads both each second, otherwise as `ops/prometheus.yml` says."""
    token, port = folder / "token", free_port()
    token.write_text(TOKEN, encoding="utf-8")
    configuration = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(ALERTS)]
    ports = {"gencharge-api": api.port, "gencharge-worker": worker.port}
    for job in configuration["scrape_configs"]:
        job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[job['job_name']]}"]}]
        if "authorization" in job:
            job["authorization"]["credentials_file"] = str(token)
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(configuration), encoding="utf-8")
    assert PROGRAM is not None
    options = [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, f"--config.file={file}", *options], stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


def data_of(client: httpx.Client, path: str, **params: str) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, f"{params}: {answer.text}"
    return answer.json()["data"]


def wait_until(says: str, holds: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{says}: {log.read_text()[-2000:]}"
        time.sleep(0.2)


@pytest.mark.skipif(PROGRAM is None, reason="prometheus (Debian package) is not installed")
def test_it_reads_both_processes_and_answers_each_rule_and_panel(settings: Settings, tmp_path: Path) -> None:
    with (
        running("serve", settings, tmp_path, METRICS_TOKEN=TOKEN) as api,
        running("worker", settings, tmp_path) as worker,
        prometheus(tmp_path, api, worker) as client,
    ):
        log = tmp_path / "prometheus.log"

        def are_read() -> bool:
            targets = data_of(client, "/targets")["activeTargets"]
            return len(targets) == 2 and {target["health"] for target in targets} == {"up"}

        def has_looked() -> bool:
            seen = [data_of(client, "/query", query=name)["result"] for name in LOOKED_AT]
            return all(seen)

        def are_evaluated() -> bool:
            return all(not rule["lastEvaluation"].startswith("0001") for rule in rules_of(client))

        wait_until("both are read", are_read, log)
        wait_until("the worker has looked at the stores and the wallets", has_looked, worker.log)
        known = set(data_of(client, "/metadata"))
        for where, expression in expressions():
            for name in NAME.findall(expression):
                assert {name, re.sub(r"_(total|bucket|sum|count)$", "", name)} & known, f"{where}: {name}"
            data_of(client, "/query", query=expression.replace("$__rate_interval", "5m"))
        wait_until("each rule is evaluated", are_evaluated, log)
        assert {rule["name"]: rule["lastError"] for rule in rules_of(client) if rule["health"] != "ok"} == {}
        written = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
        assert {rule["name"] for rule in rules_of(client)} == {
            rule["alert"] for group in written for rule in group["rules"]
        }


def rules_of(client: httpx.Client) -> list[dict[str, Any]]:
    return [rule for group in data_of(client, "/rules")["groups"] for rule in group["rules"]]
