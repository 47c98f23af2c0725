"""SQL as the law reads it: a function's header and statements, and the tables that a statement names.

No grammar of SQL: words, in the order in which they stand. PL/pgSQL is split at semicolons and at the keywords that begin a
new statement, so that each query stands by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import gencharge.wiring  # noqa: F401 - loads every model
from gencharge.core.postgres.database import Base
from gencharge.core.postgres.functions import Function
from tests.law.test_tables import shard_key

_TOKEN = re.compile(r"'(?:[^']|'')*'|:=|::|\w+|[^\s\w]")
_READS = re.compile(r"(?:\b(?:FROM|JOIN|USING)|,)\s+(?:ONLY\s+)?(?=(\w+)\b(?!\s*\())", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)
_QUERY = re.compile(r"\b(?:SELECT|PERFORM|INSERT\s+INTO|UPDATE|DELETE\s+FROM)\b", re.IGNORECASE)


@cache
def keys() -> Mapping[str, str | None]:
    """Each table and the column that it is distributed by; None for a reference table."""
    return {name: shard_key(name) for name in Base.metadata.tables}


@cache
def rooms() -> Mapping[str, str]:
    """Each table and the room that owns it."""
    return {
        mapper.local_table.name: mapper.class_.__module__.split(".")[1]  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
    }


@dataclass(frozen=True)
class Statement:
    """One statement, without comments, in one line."""

    text: str

    @cached_property
    def written(self) -> list[str]:
        """The tables that it changes."""
        return [name for name in _WRITES.findall(self.text) if name in keys()]

    @cached_property
    def tables(self) -> list[str]:
        """The tables that it names, once for each time."""
        read = [name for name in _READS.findall(self.text) if name in keys()]
        return [*self.written, *(name for name in read if not self._deletes_from(name))]

    @cached_property
    def distributed(self) -> list[str]:
        """Those of its tables that are spread over shards."""
        return [name for name in self.tables if keys()[name] is not None]

    @property
    def changes_rows(self) -> bool:
        """True for UPDATE and DELETE, which a sharded PostgreSQL sends to the shards as they are."""
        return bool(re.search(r"\b(?:UPDATE\s+\w+\s|DELETE\s+FROM)\b", self.text, re.IGNORECASE)) and bool(
            self.written
        )

    @cached_property
    def conditional(self) -> list[str]:
        """What stands inside CASE ... END and coalesce(...)."""
        return [*_cases(self.text), *_coalesces(self.text)]

    def equalities(self, key: str) -> int:
        """How many tables are tied to an owner: by `key = ...` in a condition, or by the column of an INSERT."""
        conditions = re.split(r"\b(?:WHERE|ON|USING)\b", self.text, maxsplit=1, flags=re.IGNORECASE)
        tied = len(re.findall(rf"\b{key}\s*=(?!=)", conditions[1])) if len(conditions) > 1 else 0
        inserted = re.findall(
            rf"\bINSERT\s+INTO\s+\w+\s*(?:AS\s+\w+\s*)?\([^)]*\b{key}\b", self.text, re.IGNORECASE
        )
        return tied + len(inserted)

    def _deletes_from(self, name: str) -> bool:
        return bool(re.search(rf"\bDELETE\s+FROM\s+{name}\b", self.text, re.IGNORECASE))


@dataclass(frozen=True)
class Routine:
    """An SQL function, read."""

    function: Function

    @property
    def name(self) -> str:
        """Its name."""
        return self.function.name

    @cached_property
    def comment(self) -> str:
        """What stands above the function, in one line."""
        return " ".join(line.removeprefix("--").strip() for line in self._before if line.startswith("--"))

    @cached_property
    def header(self) -> str:
        """From CREATE to the body: arguments, result, language."""
        return _plain(self.function.source).partition("$$")[0]

    @cached_property
    def declarations(self) -> str:
        """The DECLARE part."""
        return self._parts[0]

    @cached_property
    def body(self) -> str:
        """From the first BEGIN to the last END."""
        return self._parts[1]

    @cached_property
    def statements(self) -> list[Statement]:
        """The queries of the declarations and of the body."""
        texts = [*_split(self.declarations), *_split(self.body)]
        return [Statement(text) for text in texts if _QUERY.search(text)]

    @property
    def is_volatile(self) -> bool:
        """True unless it says that it is STABLE or IMMUTABLE."""
        return not re.search(r"\b(?:STABLE|IMMUTABLE)\b", self.header)

    @property
    def is_immutable(self) -> bool:
        """True if its result depends on its arguments alone."""
        return "IMMUTABLE" in self.header

    @property
    def _before(self) -> list[str]:
        return self.function.source.partition("CREATE ")[0].splitlines()

    @cached_property
    def _parts(self) -> tuple[str, str]:
        inner = _plain(self.function.source).split("$$")[1]
        before, _, after = inner.partition("BEGIN")
        return before.partition("DECLARE")[2], after


def _plain(source: str) -> str:
    """Without comments, in one line."""
    return " ".join(re.sub(r"--[^\n]*", "", source).split())


def _split(text: str) -> Iterator[str]:
    """The statements of a PL/pgSQL text. THEN and ELSE of a CASE inside a statement do not split it."""
    cases, start, before = 0, 0, ""
    for token in _TOKEN.finditer(text):
        word = token[0].upper()
        if word == "CASE" and before != "END":
            cases += 1
        elif word == "END" and cases:
            cases -= 1
        elif word == ";" or (not cases and word in {"THEN", "ELSE", "LOOP", "BEGIN"}):
            cases = 0  # a CASE that is not over is a statement of its own
            yield text[start : token.start()].strip()
            start = token.end()
        before = word
    yield text[start:].strip()


def _cases(text: str) -> Iterator[str]:
    starts = list[int]()
    for token in re.finditer(r"\b(?:CASE|END)\b", text, re.IGNORECASE):
        if token[0].upper() == "CASE":
            starts.append(token.end())
        elif starts:
            yield text[starts.pop() : token.start()]


def _coalesces(text: str) -> Iterator[str]:
    for call in re.finditer(r"\bcoalesce\s*\(", text, re.IGNORECASE):
        depth = 1
        for position in range(call.end(), len(text)):
            depth += {"(": 1, ")": -1}.get(text[position], 0)
            if not depth:
                yield text[call.end() : position]
                break
