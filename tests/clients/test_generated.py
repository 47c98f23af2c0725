"""What clients/ has from the document is what the document says now; a difference is found and named."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.make import fork_server

CLIENTS = Path(__file__).parents[2] / "clients"


def check(language: str) -> int:
    """The exit code of the check, in a process of its own: other tests add routes and errors to this one's document."""
    return fork_server.run(
        "--check", program="generate", folder=CLIENTS / language, environment=os.environ, timeout=240
    ).returncode


def program(language: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"generate_{language}", CLIENTS / language / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_models_of_the_python_client_are_those_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("python") == 0
    generate = program("python")
    written = generate.MODELS.read_text(encoding="utf-8")
    monkeypatch.setattr(
        generate, "models", lambda: written
    )  # as was just found: to make them again takes seconds
    assert generate.main(["--check"]) == 0
    other = tmp_path / "models.py"
    other.write_text(written.replace("recharge_id", "id", 1))
    monkeypatch.setattr(generate, "MODELS", other)
    assert generate.main(["--check"]) == 1
    assert "make clients" in capsys.readouterr().out


def test_the_generator_gets_money_as_decimals_and_enums_that_may_grow() -> None:
    generate = program("python")
    prepared = generate._prepared(
        {
            "properties": {
                "amount": {"type": "number", "maximum": 5, "description": "Rupees."},
                "pattern": {"type": "string", "pattern": "x", "format": "email"},
                "kind": {"type": "string", "enum": ["a"], "description": "Which."},
                "at": {"type": "string", "format": "date-time"},
            },
            "additionalProperties": False,
        }
    )
    assert prepared == {
        "properties": {
            "amount": {"type": "number", "format": "decimal", "description": "Rupees."},
            "pattern": {"type": "string"},
            "kind": {
                "anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string"}],
                "description": "Which.",
            },
            "at": {"type": "string", "format": "date-time"},
        },
        "additionalProperties": False,
    }


def test_the_types_of_the_typescript_client_are_of_this_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("typescript") == 0
    generate = program("typescript")
    monkeypatch.setattr(generate, "document", dict)  # whatever it is, no file was made from it
    monkeypatch.setattr(generate, "SCHEMA", tmp_path / "none.d.ts")
    assert generate.check() == 1
    assert "make clients" in capsys.readouterr().out


def test_texts_for_people_change_nothing_for_programs_but_a_field_does() -> None:
    generate = program("typescript")

    def head(field: str, about: str) -> Any:
        fields = {field: {"type": "string", "description": about}}
        return generate.head({"components": {"schemas": {"Plan": {"properties": fields}}}})

    assert head("name", "A") == head("name", "B")
    assert head("name", "A") != head("description", "A")
