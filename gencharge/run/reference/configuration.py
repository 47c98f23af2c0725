"""The page of the settings, and `.env.example`, from `Settings`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gencharge.core.settings import GROUPS
from gencharge.run.reference import markdown

_INTRODUCTION: Final = """
Settings come from the environment, or from a `.env` file in the working directory; a variable of the environment wins. An
empty value is the default. With a value that is wrong, nothing starts: every command prints a line for each problem.

*Needed in production* marks what `ENVIRONMENT=production` does not start without. `gencharge dev` changes some defaults for
development: a fixed code for the sample numbers, access tokens of 60 minutes, generous limits. Secrets that are empty in development are made
at random once, and kept in `secrets.env` of `DATA_DIR`. With one of those, or with a fixed code, nothing listens beyond this machine.
""".strip()
_EXAMPLE_HEAD: Final = """
# Copy to .env and change. A variable of the environment wins over this file. Every setting has a default for development;
# production needs those marked (!), and refuses to start with a sample secret or a development shortcut.
# Made from the code by `make docs`: the meanings are in gencharge/core/setting_groups.py.
""".strip()
_TYPES: Final[dict[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    Path: "path",
    SecretStr: "secret",
}
_BOUNDS: Final = {"ge": "at least", "gt": "above", "le": "at most", "max_length": "characters at most"}


def page() -> Iterator[str]:
    """Every setting by its group: name, type, default, bounds, meaning."""
    yield markdown.title("Configuration")
    yield _INTRODUCTION + "\n"
    for group in GROUPS:
        yield f"## {_heading(group)}\n"
        yield from markdown.table(
            ("setting", "type", "default", "meaning"),
            (
                (f"`{name.upper()}`", _type(field), _default(field), _meaning(field))
                for name, field in group.model_fields.items()
            ),
        )


def example_file() -> Iterator[str]:
    """`.env.example`: every setting with its meaning and its default; secrets and sample values are left empty."""
    yield _EXAMPLE_HEAD
    for group in GROUPS:
        yield f"\n# --- {_heading(group)} ---"
        for name, field in group.model_fields.items():
            mark = "(!) " if is_needed(field) else ""
            meaning = mark + (field.description or "").replace("`", "")
            yield from textwrap.wrap(meaning, width=118, initial_indent="# ", subsequent_indent="# ")
            yield f"{name.upper()}={_plain(field)}"


def is_needed(field: FieldInfo) -> bool:
    """Whether production does not start with the default of this setting."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("needed_in_production") is True


def _heading(group: type[BaseModel]) -> str:
    return (group.__doc__ or group.__name__).strip().splitlines()[0]


def _meaning(field: FieldInfo) -> str:
    return f"{field.description} *Needed in production.*" if is_needed(field) else str(field.description)


def _type(field: FieldInfo) -> str:
    bounds = [
        f"{words} {getattr(limit, name)}"
        for limit in field.metadata
        for name, words in _BOUNDS.items()
        if getattr(limit, name, None) is not None
    ]
    return ", ".join((_kind(field.annotation), *bounds))


def _kind(annotation: Any) -> str:
    options = get_args(annotation)
    if get_origin(annotation) is Literal:
        return markdown.codes(options)
    if get_origin(annotation) is list:
        return f"JSON list of {'numbers' if options == (float,) else 'texts'}"
    if options:
        return " or ".join(_kind(option) for option in options if option is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return markdown.codes(member.value for member in annotation)
    return _TYPES[annotation]


def _default(field: FieldInfo) -> str:
    if isinstance(field.default, SecretStr) and is_needed(field):
        return "random, for development"
    value = _value(field)
    return f"`{value}`" if value else ""


def _plain(field: FieldInfo) -> str:
    """The default as a file has it. What only a sample could show is empty, which means the same."""
    return "" if isinstance(field.default, SecretStr) else _value(field)


def _value(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    if isinstance(value, bool | list):
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
