"""Write `src/schema.d.ts` from the API's document for customers and partners: `make clients`. Needs Node and `npm ci`.

    python clients/typescript/generate.py            # write it
    python clients/typescript/generate.py --check    # say whether it is what the document asks for, without Node

The first line of the file names the document that it was made from, by its SHA-256 without texts for people.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from gencharge.api.main import create_app
from gencharge.core.http.short_document import for_customers
from gencharge.core.settings import Settings

HERE: Final = Path(__file__).parent
SCHEMA: Final = HERE / "src" / "schema.d.ts"
_GENERATOR: Final = HERE / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
_FOR_PEOPLE: Final = frozenset({"description", "summary", "example", "examples", "title"})
_NAMES: Final = frozenset({"properties", "schemas", "parameters", "responses", "headers", "paths"})


def document() -> dict[str, Any]:
    """What customers and partners may call."""
    return for_customers(create_app(Settings(_env_file=None)).openapi())  # type: ignore[call-arg]


def head(described: dict[str, Any]) -> str:
    """The first line of the file."""
    written = json.dumps(_for_programs(described), sort_keys=True)
    return f"// Written by `make clients` from {hashlib.sha256(written.encode()).hexdigest()}; do not edit."


def _for_programs(node: Any, *, named: bool = False) -> Any:
    """The document without texts for people. `named`: the keys are names, and a field may be called `description`."""
    if isinstance(node, list):
        return [_for_programs(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _for_programs(value, named=key in _NAMES and not named)
        for key, value in node.items()
        if named or key not in _FOR_PEOPLE
    }


def write() -> int:
    """Write the file; 1 if Node or the packages are missing."""
    node = shutil.which("node")
    if node is None or not _GENERATOR.exists():
        sys.stderr.write(
            "clients/typescript is left as it is: it takes Node 20 and `npm ci` in that folder.\n"
        )
        return 1
    described = document()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "schema.d.ts")
        source.write_text(json.dumps(described), encoding="utf-8")
        subprocess.run(
            [
                *(node, str(_GENERATOR), str(source), "--output", str(target)),
                "--default-non-nullable=false",
            ],
            check=True,
            capture_output=True,
        )
        SCHEMA.write_text(f"{head(described)}\n{target.read_text(encoding='utf-8')}", encoding="utf-8")
    return 0


def check() -> int:
    """1 if the file was made from another document."""
    first = SCHEMA.read_text(encoding="utf-8").partition("\n")[0] if SCHEMA.exists() else ""
    if first == head(document()):
        return 0
    sys.stdout.write("clients/typescript/src/schema.d.ts is of another document. Run `make clients`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1:] == ["--check"] else write())
