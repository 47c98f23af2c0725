"""What `gencharge dev` costs from its start until all that it starts serves: `python -m bench.start [checkout ...]`.

Each checkout is started in turn, first with an empty data folder, then three times with its data: CPU seconds (user and system) of all its processes until
2 s after the API, the sandbox and the worker are at work, seconds of the clock until `/health/ready` is 200, and the memory of its
Python processes (PSS, MB).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

_ROUNDS = 3
_AFTER_SECONDS = 2
_TIMEOUT_SECONDS = 300


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5).status_code == 200
    return False


def _memory(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        if process.name().startswith("python"):
            return float(process.memory_full_info().pss) / 2**20
    return 0


def measure(checkout: Path, folder: Path) -> tuple[float, float, float, int]:
    """CPU seconds, seconds until it is ready, MB of memory, and how many Python processes."""
    port, sandbox_port = _free_port(), _free_port()
    worker = folder / "logs" / "worker.log"
    worker.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
    }
    began_at, before = time.monotonic(), os.times()
    process = subprocess.Popen(
        [str(checkout / ".venv/bin/python"), "-m", "gencharge", "dev"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.DEVNULL,
    )

    def wait_for(is_there: Callable[[], bool]) -> None:
        while not is_there():
            if process.poll() is not None or time.monotonic() - began_at > _TIMEOUT_SECONDS:
                raise SystemExit("gencharge dev does not serve")
            time.sleep(0.02)

    wait_for(lambda: _answers(f"http://127.0.0.1:{port}/health/ready"))
    seconds = time.monotonic() - began_at
    wait_for(lambda: _answers(f"http://127.0.0.1:{sandbox_port}/health/live"))
    wait_for(lambda: worker.exists() and "worker_started" in worker.read_text())
    time.sleep(_AFTER_SECONDS)
    memory = [_memory(each) for each in psutil.Process(process.pid).children(recursive=True)]
    memory.append(_memory(psutil.Process(process.pid)))
    process.send_signal(signal.SIGINT)
    process.wait()
    after = os.times()
    # It waits for all that it starts, and those for theirs.
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, seconds, sum(memory), sum(each > 0 for each in memory)


def main() -> None:
    """Start each checkout in turn, and print a line for each start."""
    checkouts = [Path(word).resolve() for word in sys.argv[1:]] or [Path.cwd()]
    folders = {checkout: Path(tempfile.mkdtemp(prefix="gencharge-start-")) for checkout in checkouts}
    try:
        print(f"{'checkout':30}{'start':>8}{'CPU s':>8}{'ready s':>9}{'MB':>6}{'processes':>11}")
        for number in range(_ROUNDS + 1):
            for checkout, folder in folders.items():
                cpu, seconds, memory, count = measure(checkout, folder)
                row = f"{checkout.name[-29:]:30}{number + 1:8}{cpu:8.1f}{seconds:9.1f}{memory:6.0f}{count:11}"
                print(row, flush=True)
    finally:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
