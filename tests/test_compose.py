"""`deploy/compose/`: true to the schema of the Compose Specification; its settings, files and commands exist, and nginx and Prometheus accept their files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import click
import jsonschema  # type: ignore[import-untyped]
import pytest
import typer
import yaml  # type: ignore[import-untyped]

from gencharge.core.settings import Settings
from gencharge.run import cli, serving
from gencharge.run import worker as background
from tests.test_deploy import needs_nginx
from tests.test_ops import PROMTOOL

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "compose"
FILE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
# Of our own image.
OURS = ("migrate", "seed", "api", "worker", "sandbox")


def schema() -> dict[str, Any]:
    return cast(
        dict[str, Any],
        json.loads((ROOT / "tests/schemas/compose-spec.json").read_text(encoding="utf-8")),
    )


def test_it_is_true_to_the_schema_of_the_specification() -> None:
    validator = jsonschema.validators.validator_for(schema())(schema())
    assert [error.message for error in validator.iter_errors(FILE)] == []
    # A control: what is misspelt is found.
    broken = {**FILE, "services": {**SERVICES, "api": {**SERVICES["api"], "stop_grace_periode": "20s"}}}
    assert [error.message for error in validator.iter_errors(broken)] != []


def test_all_parts_are_there_and_each_image_has_a_version() -> None:
    assert SERVICES.keys() == {*OURS, "nginx", "postgres", "mongo", "redis", "prometheus", "grafana"}
    for name, service in SERVICES.items():
        assert re.search(r":v?\d|^gencharge:latest$", service["image"]), name
    # What the tests run on, and what the settings say.
    described = {name: str(Settings.model_fields[name].description) for name in ("database_url", "redis_url")}
    for image, setting in (("postgres", "database_url"), ("redis", "redis_url")):
        version = SERVICES[image]["image"].partition(":")[2]
        assert f"tested with {version}" in described[setting], image


def test_each_setting_exists_and_together_they_are_accepted() -> None:
    for name in OURS:
        environment = SERVICES[name]["environment"]
        unknown = {key for key in environment if key.lower() not in Settings.model_fields}
        assert unknown == set(), name
        settings = Settings(_env_file=None, **{key.lower(): value for key, value in environment.items()})  # type: ignore[call-arg]
        assert settings.is_development
        assert settings.database_name == SERVICES["postgres"]["environment"]["POSTGRES_DB"]


def test_each_command_exists() -> None:
    commands = typer.main.get_command(cli.app)
    assert isinstance(commands, click.Group) or hasattr(commands, "commands")
    for name in OURS:
        [command] = SERVICES[name]["command"]
        assert command in commands.commands, command


def test_each_service_that_another_one_waits_for_or_shares_a_network_with_exists() -> None:
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            if condition["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"], f"nothing says that {other} is healthy"
        mode, _, other = service.get("network_mode", "").partition(":")
        assert (mode, other) in {("", ""), ("service", "nginx")}, name


def test_each_file_that_it_mounts_or_builds_from_exists() -> None:
    mounted = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert len(mounted) == 7
    for path in mounted:
        assert (FOLDER / path).resolve().is_file(), path
    named = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())
    } - {*mounted}
    assert named == FILE["volumes"].keys()
    build = SERVICES["api"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()
    assert (FOLDER / build["context"]).resolve() == ROOT


def test_nothing_is_published_to_other_machines_and_each_port_is_somebodys() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(published) == 4
    assert all(port.startswith("127.0.0.1:") for port in published)
    listening = re.findall(r"^\s*listen (\d+);", (FOLDER / "nginx.conf").read_text(), re.MULTILINE)
    assert {port.rpartition(":")[2] for port in published} == {*listening, "9090", "3000"}
    # All that call each other at 127.0.0.1 share the network of the one that publishes.
    for name in ("api", "worker", "sandbox", "prometheus", "grafana"):
        assert SERVICES[name]["network_mode"] == "service:nginx"
        assert "ports" not in SERVICES[name]


def test_a_process_has_the_time_that_it_takes_to_stop() -> None:
    def seconds(name: str) -> int:
        return int(SERVICES[name]["stop_grace_period"].removesuffix("s"))

    delay = float(SERVICES["api"]["environment"]["SHUTDOWN_DELAY_SECONDS"])
    assert seconds("api") > delay + serving.STOP_SECONDS
    assert seconds("worker") > background._STOP_SECONDS


@needs_nginx
def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    site = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    included = "/etc/nginx/snippets/gencharge-proxy.conf"
    assert f"../nginx-proxy.conf:{included}:ro" in SERVICES["nginx"]["volumes"]
    site = site.replace(included, str(ROOT / "deploy" / "nginx-proxy.conf"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\nhttp {{ access_log off;\n{site}}}\n"
    )
    command = ["nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian package prometheus) is not installed")
def test_prometheus_accepts_its_file(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "prometheus.yml", tmp_path)
    shutil.copy(ROOT / "ops" / "alerts.yml", tmp_path)
    words = [str(PROMTOOL), "check", "config", "prometheus.yml"]
    checked = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_asks_what_the_alerts_and_the_dashboard_name() -> None:
    def jobs(path: Path) -> set[str]:
        return {job["job_name"] for job in yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]}

    assert jobs(FOLDER / "prometheus.yml") == jobs(ROOT / "ops" / "prometheus.yml")
    port = SERVICES["worker"]["environment"]["WORKER_METRICS_PORT"]
    assert f"127.0.0.1:{port}" in (FOLDER / "prometheus.yml").read_text()
