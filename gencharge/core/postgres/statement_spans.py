"""The spans of SQL statements: their text without values, never their parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from gencharge.core.tracing import spans

_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|(?<![\w$.])\d+(?:\.\d+)?\b")
_TARGET: Final = re.compile(r"\b(?:FROM|INTO|UPDATE|CALL)\s+(?:ONLY\s+)?([a-z_][\w.]*)", re.IGNORECASE)
_VERB: Final = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_MAX_TEXT: Final = 500


@lru_cache(maxsize=2_048)
def describe(statement: str) -> tuple[str, str]:
    """A statement's name, such as `SELECT wallets` or `SELECT recharge_from_wallet`, and its text on one line without literals."""
    line = " ".join(_LITERAL.sub("?", re.sub(r"--[^\n]*", "", statement)).split())
    first = line.partition(" ")[0].upper()
    verb = _VERB.search(line) if first == "WITH" else None
    target = _TARGET.search(line)
    name = verb[1].upper() if verb else first
    return f"{name} {target[1]}" if target else name, line[:_MAX_TEXT]


def begin(statement: str) -> spans.Span | None:
    """The span of a statement that is about to be sent; None if what is running is not recorded."""
    if spans.current() is None:
        return None
    name, line = describe(statement)
    attributes: dict[str, spans.Value] = {
        "db.system.name": "postgresql",
        "db.query.summary": name,
        "db.query.text": line,
    }
    return spans.child(name, spans.Kind.CLIENT, attributes)


async def fetch_row(
    connection: asyncpg.Connection[asyncpg.Record], statement: str, arguments: Sequence[Any]
) -> asyncpg.Record | None:
    """`connection.fetchrow`, as a span."""
    span = begin(statement)
    try:
        row = await connection.fetchrow(statement, *arguments)
    except BaseException as error:
        if span is not None:
            spans.end(span, type(error).__name__)
        raise
    if span is not None:
        spans.end(span)
    return row


def watch(engine: AsyncEngine) -> None:
    """Make spans of the statements that SQLAlchemy sends."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _begin(_c: Any, _cursor: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        context.statement_span = begin(statement)

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def _end(_c: Any, _cursor: Any, _statement: str, _p: Any, context: Any, _many: bool) -> None:
        if context.statement_span is not None:
            spans.end(context.statement_span)

    @event.listens_for(engine.sync_engine, "handle_error")
    def _fail(failure: ExceptionContext) -> None:
        span = getattr(failure.execution_context, "statement_span", None)
        if span is not None:
            spans.end(span, type(failure.original_exception).__name__)
