"""One store of compiled statements for all engines of a process of tests.

An engine compiles a statement when it first sees it, in a millisecond of CPU, and each file of tests has an engine of its own.
All databases of a run are on one server and of one schema, so what was compiled for one of them holds for the next.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache

_STATEMENTS = 5_000


class OneDialect(PGDialect_asyncpg):
    """One for each engine, because what listens to an engine's errors is kept by its dialect; each is equal to every other.

    A compiled statement is stored under its dialect, among others.
    """

    supports_statement_cache = True
    _compiled: ClassVar[LRUCache[Any, Any]] = LRUCache(_STATEMENTS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OneDialect)

    def __hash__(self) -> int:
        return hash(OneDialect)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let each engine read and write the same compiled statements."""
        engine._compiled_cache = cls._compiled


def install() -> None:
    """For all engines that are made from now on."""
    registry.register("postgresql.asyncpg", __name__, OneDialect.__name__)
