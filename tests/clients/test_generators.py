"""Generators that integrators use take the document as it is: nothing is dropped, and what they write is valid.

The short run takes the customers' document, the long one those of the staff. `make generators` installs openapi-python-client, which can't
be among the locked packages: it asks for an older typer than ours.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI

from gencharge.api.parts import PARTS
from gencharge.core.http.short_document import for_customers

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".gencharge" / "tools" / "generators" / "bin" / "python"
TYPESCRIPT = ROOT / "clients" / "typescript" / "node_modules"
NODE = shutil.which("node")
STAFFS = [path for path in PARTS if path != "/openapi.json"]
# Bodies and answers that are pictures or sheets, for which it writes no code; all of its warnings are of this kind.
NOT_WRITTEN = re.compile(r"(Unsupported content.type|response will be omitted)", re.IGNORECASE)
IMPORTS = """
import importlib, pkgutil, sys
package = importlib.import_module("generated")
names = [module.name for module in pkgutil.walk_packages(package.__path__, "generated.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
needs_generator = pytest.mark.skipif(
    not PYTHON.exists(), reason="`make generators` installs it, and the suite needs no network"
)
needs_node = pytest.mark.skipif(
    NODE is None or not TYPESCRIPT.exists(),
    reason="takes Node 20 and `npm ci` in clients/typescript, and the suite needs no network",
)


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-5_000:]
    return done.stdout + done.stderr


def written(document: dict[str, Any], folder: Path) -> Path:
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(document))
    return path


def unexpected(warnings: str) -> list[str]:
    """The warnings that say that something is missing from what was generated."""
    output = re.split(r"(?=WARNING parsing|ERROR)", warnings)[1:]
    return [one for one in output if not NOT_WRITTEN.search(one)]


def dropped_by_python(document: dict[str, Any], folder: Path) -> list[str]:
    """What openapi-python-client says that it left out, and the schemas for which it wrote no model."""
    output = run(
        *(PYTHON, "-m", "openapi_python_client", "generate", "--meta", "none"),
        *("--path", written(document, folder), "--output-path", folder / "generated"),
        folder=folder,
    )
    # A name that Python has, such as `slice`, gets an underscore.
    models = {path.stem.rstrip("_") for path in (folder / "generated" / "models").glob("*.py")}
    return unexpected(output) + [
        name for name in objects_in(document) if re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() not in models
    ]


def objects_in(document: dict[str, Any]) -> list[str]:
    schemas = document["components"]["schemas"]
    return [name for name, schema in schemas.items() if "properties" in schema or "allOf" in schema]


def generate_python(document: dict[str, Any], folder: Path) -> None:
    """Every model and operation has its module, and every module can be imported."""
    assert dropped_by_python(document, folder) == []
    operations = sum(len(methods) for methods in document["paths"].values())
    calls = [path for path in (folder / "generated" / "api").rglob("*.py") if path.stem != "__init__"]
    assert len(calls) == operations
    modules = int(run(PYTHON, "-c", IMPORTS, folder=folder))
    assert modules > len(objects_in(document)) + operations


def generate_typescript(document: dict[str, Any], folder: Path) -> None:
    """The types compile strictly."""
    target = folder / "schema.ts"
    run(
        NODE or "node",
        *(
            TYPESCRIPT / "openapi-typescript" / "bin" / "cli.js",
            written(document, folder),
            "--output",
            target,
        ),
        folder=folder,
    )
    run(
        NODE or "node",
        *(TYPESCRIPT / "typescript" / "bin" / "tsc", "--noEmit", "--strict", target),
        folder=folder,
    )
    text = target.read_text(encoding="utf-8")
    for operation in (one for methods in document["paths"].values() for one in methods.values()):
        assert f"    {operation['operationId']}: {{" in text


@needs_generator
def test_openapi_python_client_takes_the_customers_document(app: FastAPI, tmp_path: Path) -> None:
    generate_python(for_customers(app.openapi()), tmp_path)


@needs_node
def test_openapi_typescript_takes_the_customers_document(app: FastAPI, tmp_path: Path) -> None:
    generate_typescript(for_customers(app.openapi()), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("path", STAFFS)
@needs_generator
def test_openapi_python_client_takes_the_staffs_documents(app: FastAPI, tmp_path: Path, path: str) -> None:
    generate_python(PARTS[path](app.openapi()), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("path", STAFFS)
@needs_node
def test_openapi_typescript_takes_the_staffs_documents(app: FastAPI, tmp_path: Path, path: str) -> None:
    generate_typescript(PARTS[path](app.openapi()), tmp_path)


@needs_generator
def test_a_model_that_the_generator_drops_is_found(tmp_path: Path) -> None:
    schemas = {
        "PlanOut": {"type": "object", "allOf": [{"$ref": "#/components/schemas/Nowhere"}]},
        "OfferOut": {"type": "object", "properties": {"name": {"type": "string"}}},
    }
    broken = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    assert dropped_by_python(broken, tmp_path)[-1] == "PlanOut"


def test_only_warnings_about_pictures_and_sheets_are_expected() -> None:
    assert unexpected("WARNING parsing POST /a within b.\nUnsupported content type image/png\n") == []
    assert len(unexpected("WARNING parsing models.\nUnable to parse schema PlanOut\n")) == 1
