"""Write `gencharge_client/models.py` from the API's document for customers and partners: `make clients`.

    python clients/python/generate.py            # write it
    python clients/python/generate.py --check    # say what differs, and end with 1

The document is prepared first. Money becomes `Decimal`. What the server checks (lengths, patterns, bounds) is left to the
server, whose answer says what would be right. An enum also takes values that this version does not know, because the API
may add some at any time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

from gencharge.api.main import create_app
from gencharge.core.http.short_document import for_customers
from gencharge.core.settings import Settings

MODELS: Final = Path(__file__).parent / "gencharge_client" / "models.py"
_CHECKS: Final = frozenset(
    {
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "propertyNames",
    }
)
# A format that would be checked again, or that takes another package.
_FORMATS: Final = frozenset({"email", "uri", "uri-reference"})
_NAMES: Final = ("properties", "schemas")
_HEAD: Final = '"""What the API takes and answers. Written by `make clients`; do not edit."""'
_OPTIONS: Final = (
    *("--input-file-type", "openapi", "--openapi-scopes", "schemas"),
    *("--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"),
    "--strict-nullable",
    *("--use-annotated", "--use-standard-collections", "--use-union-operator"),
    *("--use-schema-description", "--use-field-description"),
    *("--enum-field-as-literal", "all", "--collapse-root-models"),
    *("--disable-timestamp", "--formatters", "builtin"),
    *("--custom-file-header", _HEAD),
)


def document() -> dict[str, Any]:
    """The schemas of what customers and partners send and get, prepared for the generator."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    whole = for_customers(create_app(settings).openapi())
    schemas = _prepared(whole["components"]["schemas"], named=True)
    return {
        "openapi": whole["openapi"],
        "info": {"title": "GenCharge", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }


def _prepared(node: Any, *, named: bool = False) -> Any:
    """The same schema for the generator. `named`: its keys are names of fields or schemas."""
    if isinstance(node, list):
        return [_prepared(part) for part in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {name: _prepared(part) for name, part in node.items()}
    kept = {
        key: _prepared(value, named=key in _NAMES)
        for key, value in node.items()
        if key not in _CHECKS and not (key == "format" and value in _FORMATS)
    }
    types = kept.get("type", ())
    if types == "number" or "number" in types:
        kept["format"] = "decimal"
    if "enum" in kept and kept.get("type") == "string":
        about = {"description": kept.pop("description")} if "description" in kept else {}
        return {"anyOf": [kept, {"type": "string"}]} | about
    return kept


def models() -> str:
    """The text of `models.py`."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "document.json"), Path(folder, "models.py")
        source.write_text(json.dumps(document()), encoding="utf-8")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "datamodel_code_generator",
                *("--input", str(source), "--output", str(target)),
                *_OPTIONS,
            ],
            check=True,
            cwd=MODELS.parent,
        )
        return _formatted(target.read_text(encoding="utf-8"))


def _formatted(text: str) -> str:
    """As `make check` asks for."""
    for command in (("check", "--select", "I", "--fix", "--quiet"), ("format", "--quiet")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(MODELS), "-"],
            input=text,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        text = done.stdout
    return text


def main(arguments: list[str]) -> int:
    """Write the models, or with `--check` print how they differ from what is there."""
    written = models()
    if arguments != ["--check"]:
        MODELS.write_text(written, encoding="utf-8")
        return 0
    before = MODELS.read_text(encoding="utf-8") if MODELS.exists() else ""
    difference = list(
        unified_diff(before.splitlines(), written.splitlines(), "models.py", "generated", lineterm="")
    )
    if difference:
        sys.stdout.write("\n".join([*difference[:60], "", "Run `make clients`.", ""]))
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
