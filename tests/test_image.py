"""`deploy/Containerfile`: what it says about the image, and in a soak the image itself, built and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from fastapi import FastAPI

from tests.make.pooler import free_port

ROOT = Path(__file__).parent.parent
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
BASE = "localhost/gencharge-test-base"
IMAGE = "localhost/gencharge-test"
BUILDAH = ["buildah", "--storage-driver", "vfs"]
# Run without namespaces, as in a container or a build machine that may make none.
PLAIN = ["--isolation", "chroot", "--network", "host"]


def stages() -> list[list[str]]:
    """The instructions of each stage, a long one as one line."""
    joined = re.sub(r"\\\n\s*", "", CONTAINERFILE)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def test_it_has_two_stages_of_one_base_and_the_second_runs_as_nobody() -> None:
    build, run = stages()
    assert build[0] == "FROM ${BASE_IMAGE} AS build"
    assert run[0] == "FROM ${BASE_IMAGE}"
    assert any("--require-hashes -r /src/requirements.txt" in line for line in build)
    # Nothing of the sources but what the first stage installed, and nothing is installed by root's leave at run time.
    assert [line for line in run if line.startswith("COPY")] == [
        "COPY --from=build /opt/gencharge /opt/gencharge"
    ]
    [user] = [line for line in run if line.startswith("USER")]
    assert re.fullmatch(r"USER [1-9]\d{3,}:[1-9]\d{3,}", user)
    assert "ENTRYPOINT" in run[-2]
    assert run.index(user) < len(run) - 2


def test_its_health_check_asks_a_route_that_exists_and_runs(app: FastAPI) -> None:
    [check] = [line for line in stages()[1] if line.startswith("HEALTHCHECK")]
    code = re.search(r'"-c", "(.*)"\]$', check)
    assert code is not None
    [path] = re.findall(r"'(/health/[a-z]+)'", code[1])
    assert path in app.openapi()["paths"]
    # Nothing listens there.
    answer = subprocess.run(
        ["python3", "-c", code[1]], env={**os.environ, "PORT": "9"}, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "Connection refused" in answer.stderr


def test_what_the_image_is_built_from_exists_and_holds_no_secret() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*", "only what is named goes in"
    for path in (line[1:] for line in lines if line.startswith("!")):
        assert (ROOT / path).exists(), path
    assert "**/.env" in lines
    packages = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert packages is not None
    for package in re.findall(r'"(\w+)"', packages[1]):
        assert f"!{package}" in lines, package


@pytest.mark.parametrize("script", ["build", "base-image", "rolling-restart"])
def test_the_scripts_are_scripts(script: str) -> None:
    path = ROOT / "deploy" / script
    assert os.access(path, os.X_OK)
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_the_build_names_what_it_needs_if_nothing_is_there(tmp_path: Path) -> None:
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    answer = subprocess.run(
        [str(ROOT / "deploy" / "build")], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "docker, podman or buildah is needed" in answer.stderr


def _buildah(*words: str) -> str:
    done = subprocess.run([*BUILDAH, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.strip()


def _serves(run: list[str]) -> None:
    """An API of the image lives without its stores, its health check says so, and SIGTERM ends it with code 0."""
    port = str(free_port())
    settings = [
        f"PORT={port}",
        "HOST=127.0.0.1",
        "ENVIRONMENT=development",
        "REDIS_URL=redis://127.0.0.1:9/0",
    ]
    settings += ["DATABASE_URL=postgresql://x@127.0.0.1:9/x", "MONGO_URL=mongodb://127.0.0.1:9"]
    [line] = [line for line in stages()[1] if line.startswith("HEALTHCHECK")]
    check = json.loads(line.partition("CMD ")[2])
    with subprocess.Popen([*run, "env", *settings, "gencharge", "serve"]) as api:
        try:
            end = time.monotonic() + 120
            while subprocess.run([*run, "env", f"PORT={port}", *check], capture_output=True).returncode:
                assert api.poll() is None, "the API ended"
                assert time.monotonic() < end, "the API does not live"
                time.sleep(1)
            # The process itself: buildah is its parent, and passes no signal on.
            [served] = [
                each
                for each in psutil.Process(api.pid).children(recursive=True)
                if "serve" in each.cmdline() and "python" in each.cmdline()[0]
            ]
            assert served.uids().real == 10001
            served.send_signal(signal.SIGTERM)
            assert api.wait(60) == 0
        finally:
            for each in psutil.Process(api.pid).children(recursive=True) if api.poll() is None else ():
                each.kill()


@pytest.mark.soak
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("buildah") or not shutil.which("debootstrap"),
    reason="needs root, buildah and debootstrap (Debian's packages)",
)
def test_the_image_is_built_and_serves_as_nobody(tmp_path: Path) -> None:
    """BASE_IMAGE: another base than one of Debian's packages, which this makes. BUILD_OPTIONS: further options of the build."""
    base = os.environ.get("BASE_IMAGE", "")
    began_at = time.monotonic()
    if not base:
        base = BASE
        debootstrap = subprocess.run(
            [str(ROOT / "deploy" / "base-image"), BASE],
            env={**os.environ, "BUILDAH": " ".join(BUILDAH)},
            capture_output=True,
            text=True,
        )
        assert debootstrap.returncode == 0, debootstrap.stderr
    based_at = time.monotonic()
    options = [*PLAIN, "--pull-never", "-v", "/etc/ssl/certs:/etc/ssl/certs:ro"]
    options += os.environ.get("BUILD_OPTIONS", "").split()
    built = subprocess.run(
        [str(ROOT / "deploy" / "build"), *options],
        env={**os.environ, "BUILDER": " ".join(BUILDAH), "BASE_IMAGE": base, "TAG": IMAGE},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, (built.stdout + built.stderr)[-3_000:]
    built_at = time.monotonic()
    assert "Healthcheck" in _buildah("inspect", "--type", "image", IMAGE)
    container = _buildah("from", "--pull-never", IMAGE)
    try:
        run = [*BUILDAH, "run", *PLAIN, "--user", "10001:10001", container, "--"]

        def inside(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([*run, *words], capture_output=True, text=True, check=False)

        assert inside("id", "-u").stdout.strip() == "10001"
        assert "GenCharge" in inside("gencharge", "--version").stdout
        # Production refuses to start without its settings, and says which.
        refused = inside("env", "ENVIRONMENT=production", "gencharge", "serve")
        assert refused.returncode == 78, refused.stderr
        assert "DATABASE_URL" in refused.stderr
        # No secret, no source and no pip came along.
        assert inside("sh", "-c", "ls /src /opt/gencharge/bin/pip").returncode != 0
        assert inside("touch", "/opt/gencharge/x").returncode != 0
        _serves(run)
    finally:
        _buildah("rm", container)
    print(  # noqa: T201 - what the run is for
        f"\nbase in {based_at - began_at:.0f} s, image in {built_at - based_at:.0f} s: "
        + _buildah("images", "--format", "{{.Size}}", IMAGE)
    )
