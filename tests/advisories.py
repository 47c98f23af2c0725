"""`make audit`: whether a weakness is known of any package of the locks, on any platform.

pip-audit asks a service of advisories for each package and version. It leaves out what the platform that it runs on does not
install, and goes on if the service does not know a package. So it gets every name and version here, without their
conditions, and its report is compared with the locks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LOCKS: Final = ("requirements.txt", "requirements-dev.txt", "requirements-redis.txt")
_PIN: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
# For all packages together; a request has 15 seconds.
_TIMEOUT_SECONDS: Final = 900
CLEAN, WEAK, NOT_CHECKED = 0, 1, 2
Package = tuple[str, str]


class NotChecked(Exception):
    """The audit says nothing about at least one package. The message says why."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """An advisory about a version that is locked."""

    package: Package
    advisory: str
    fixed_in: Sequence[str]

    def __str__(self) -> str:
        name, version = self.package
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no release mends it yet"
        return f"{name} {version}: {self.advisory}, {remedy}"


def read_packages(texts: Iterable[str]) -> list[Package]:
    """Every name and version of these locks, each once, whatever platform or Python it is for.

    Raises NotChecked for a line that pins nothing.
    """
    packages = set[Package]()
    for text in texts:
        for line in text.replace("\\\n", " ").splitlines():
            requirement = line.partition("#")[0].strip()
            if not requirement:
                continue
            pin = _PIN.match(requirement)
            if pin is None:
                raise NotChecked(f"a lock has a line that names no version: {requirement[:80]}")
            packages.add((_normal(pin[1]), pin[2]))
    return sorted(packages)


def in_runs(packages: Collection[Package]) -> list[list[Package]]:
    """The packages in lists that have each name once: pip-audit refuses two versions of a package in one run."""
    versions = defaultdict[str, list[Package]](list)
    for package in packages:
        versions[package[0]].append(package)
    longest = max(map(len, versions.values()), default=0)
    return [[same[number] for same in versions.values() if number < len(same)] for number in range(longest)]


def weaknesses_in(report: str, packages: Collection[Package]) -> list[Weakness]:
    """What pip-audit's JSON report says of these packages. Raises NotChecked if one of them is left out."""
    try:
        entries: list[dict[str, Any]] = json.loads(report)["dependencies"]
        checked = {(_normal(entry["name"]), entry["version"]) for entry in entries if "version" in entry}
        skipped = {
            _normal(entry["name"]): entry["skip_reason"] for entry in entries if "skip_reason" in entry
        }
        weaknesses = [
            Weakness(
                (_normal(entry["name"]), entry["version"]), advisory["id"], tuple(advisory["fix_versions"])
            )
            for entry in entries
            for advisory in entry.get("vulns", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotChecked("pip-audit's report is not what its release 2.10 writes") from None
    missing = [
        f"{name} {version} ({skipped.get(name, 'not in the report')})"
        for name, version in sorted(set(packages) - checked)
    ]
    if missing:
        raise NotChecked(f"not checked: {', '.join(missing)}")
    return sorted(weaknesses, key=lambda weakness: (weakness.package, weakness.advisory))


def audit(packages: Collection[Package], options: Sequence[str]) -> list[Weakness]:
    """Ask the service of advisories about all packages. Raises NotChecked, also if there is no answer."""
    weaknesses = list[Weakness]()
    for run in in_runs(packages):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
            names.writelines(f"{name}=={version}\n" for name, version in run)
            names.flush()
            weaknesses += weaknesses_in(_report(names.name, options), run)
    return weaknesses


def _report(path: str, options: Sequence[str]) -> str:
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", path),
        *("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", *options),
    ]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotChecked(
            f"the service of advisories did not answer within {_TIMEOUT_SECONDS} seconds"
        ) from None
    if not run.stdout.strip():
        # The last line of a traceback, or of pip-audit's own message.
        cause = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotChecked(
            f"no answer of the service of advisories; is there a network? pip-audit says: {cause[:300]}"
        )
    return run.stdout


def main(options: Sequence[str], folder: Path = Path()) -> int:
    """Print what is known of the locks in a folder: one line a weakness, and one line at the end."""
    try:
        packages = read_packages((folder / lock).read_text() for lock in LOCKS)
        weaknesses = audit(packages, options)
    except NotChecked as problem:
        sys.stderr.write(f"The audit is not complete: {problem}\n")
        return NOT_CHECKED
    for weakness in weaknesses:
        sys.stdout.write(f"{weakness}\n")
    names = len({weakness.package for weakness in weaknesses})
    sys.stdout.write(f"Packages checked: {len(packages)}. With a known weakness: {names}.\n")
    return WEAK if weaknesses else CLEAN


def _normal(name: str) -> str:
    # As PEP 503 compares names.
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
