"""One dialect of SQLAlchemy, and one store of compiled statements, for all engines of a process of tests.

An engine compiles a statement when it first sees it, in a millisecond of CPU, and each file of tests has an engine of its own.
All databases of a run are on one server and of one schema, so what was compiled for one of them holds for the next.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.util import LRUCache

from gencharge.core.tracing import spans

_STATEMENTS = 5_000


class OneDialect(PGDialect_asyncpg):
    """The same object each time that an engine makes one."""

    supports_statement_cache = True
    _one: ClassVar[OneDialect | None] = None
    _compiled: ClassVar[LRUCache[Any, Any]] = LRUCache(_STATEMENTS)
    _asked_server = False

    def __new__(cls, **arguments: Any) -> Self:
        """The one dialect; `arguments` are those of the first engine."""
        del arguments
        # What listens to an engine's errors is kept by its dialect: on the one of all engines each error would be a span several times.
        if spans.tracer is not None:
            return super().__new__(cls)
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one  # type: ignore[return-value]

    def __init__(self, **arguments: Any) -> None:
        """Set up once."""
        if "positional" not in self.__dict__:
            super().__init__(**arguments)

    def initialize(self, connection: Connection) -> None:
        """Ask the server for its version and the like, once."""
        if not self._asked_server:
            super().initialize(connection)
            self._asked_server = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let each engine read and write the same compiled statements."""
        engine._compiled_cache = cls._compiled


def install() -> None:
    """For all engines that are made from now on."""
    registry.register("postgresql.asyncpg", __name__, OneDialect.__name__)
