"""A development installation answers its own machine only, whichever server runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.development_secrets import NAMES
from gencharge.core.settings import Settings
from tests.core.test_exposure import OWN
from tests.make import fork_server

# A network of its own, so that nothing is open to a real one.
ALONE = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]


def has_networks_of_its_own() -> bool:
    """Whether this user may make a network namespace."""
    return (
        bool(shutil.which("unshare"))
        and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    )


async def ask(app: FastAPI, server: str) -> httpx.Response:
    """A request that came in on this address."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{server}") as client:
        return await client.get("/health/live")


@pytest.mark.parametrize("server", ["192.0.2.7:8000", "[2001:db8::1]:8000", "10.0.0.5:80"])
async def test_a_request_from_the_network_is_refused(app: FastAPI, server: str) -> None:
    answer = await ask(app, server)
    assert (answer.status_code, answer.json()["code"]) == (403, "development_only")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize("server", ["127.0.0.1:8000", "[::1]:8000", "testserver"])
async def test_this_machine_is_answered(app: FastAPI, server: str) -> None:
    assert (await ask(app, server)).status_code == 200


async def test_with_secrets_of_its_own_and_no_fixed_code_it_is_open(settings: Settings) -> None:
    own = Settings(**(settings.model_dump() | OWN | {"dev_fixed_otp": ""}), _env_file=None)  # type: ignore[arg-type]
    assert (await ask(create_app(own), "192.0.2.7")).status_code == 200


needs_network = pytest.mark.skipif(not has_networks_of_its_own(), reason="needs a network namespace")


def run(folder: Path, program: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A server in a network of its own, until it ends by itself."""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    own = {"DATA_DIR": str(folder), "DATABASE_URL": "postgresql://127.0.0.1:1/x_dev", "SANDBOX_PORT": "0"}
    environment = inherited | own | more
    return fork_server.run(
        *words, program=program, folder=folder, environment=environment, timeout=120, alone=True
    )


@needs_network
def test_the_forked_processes_have_a_network_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import os; print(os.getuid(), os.readlink('/proc/self/ns/net'))")
    user, network = run(tmp_path, "program").stdout.split()
    assert user == "0"
    assert network.startswith("net:")
    assert network != os.readlink("/proc/self/ns/net")


@needs_network
@pytest.mark.parametrize("words", [("--host", "0.0.0.0"), ("--host", "::")])
def test_another_server_that_listens_for_the_network_ends_at_once(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = run(tmp_path, "uvicorn", "gencharge.api.main:app", "--port", "8000", *words)
    assert answer.returncode == 78, answer.stderr
    assert f"HOST: {words[1]}:8000 is open to other machines" in answer.stderr
    assert [name for name in NAMES if f"{name.upper()}: " in answer.stderr] == list(NAMES)


@needs_network
@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("serve", "--host", "0.0.0.0"), {}),
        (("serve", "--host", "0.0.0.0", "--workers", "2"), {"DEV_FIXED_OTP": "111111"}),
        (("serve",), {"HOST": "0.0.0.0"}),
        (("serve", "--host", "::"), {"ENVIRONMENT": "test"}),
        (("dev",), {"HOST": "0.0.0.0"}),
    ],
)
def test_our_own_commands_refuse_before_they_listen(
    tmp_path: Path, words: tuple[str, ...], more: dict[str, str]
) -> None:
    answer = run(tmp_path, "gencharge", *words, **more)
    assert (answer.returncode, answer.stdout) == (78, "")
    first, *lines = answer.stderr.splitlines()
    assert first.startswith("HOST: ")
    assert "is open to other machines, and this is development" in first
    assert {line.partition(":")[0] for line in lines} == {name.upper() for name in NAMES} | {
        name for name in more if name == "DEV_FIXED_OTP"
    }
    assert not (tmp_path / "postgres").exists()


@needs_network
def test_the_sandbox_never_listens_for_the_network(tmp_path: Path) -> None:
    answer = run(tmp_path, "gencharge", "sandbox", "--host", "0.0.0.0", "--port", "8001")
    assert answer.returncode == 78
    assert answer.stderr == (
        "--host: the sandbox asks nobody for a key, so it listens on 127.0.0.1 only, not 0.0.0.0\n"
    )
