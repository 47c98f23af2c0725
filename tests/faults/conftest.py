"""One installation for the fault tests that one process runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site


@pytest.fixture(scope="package")
def installation() -> Iterator[Site]:
    """Started once, and stopped after the last fault test: its worker is never idle. Use `site`, which mends what the test before has broken."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-faults-"))
    site = Site(folder)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(installation: Site) -> Site:
    """The installation, with every store, the API and the worker up."""
    for server in (installation.postgres, installation.mongo, installation.redis):
        if not server.running:
            server.start()
            server.wait_ready()
    for name in ("worker", "serve"):
        process = installation.processes.get(name)
        if process is None or process.poll() is not None:
            installation.start_api() if name == "serve" else installation.start_process(name)
    return installation
