"""A report as Parquet (https://parquet.apache.org/docs/file-format/): typed columns, in row groups that are written as they fill.

It takes the extra `gencharge[parquet]`; without it the format is refused. The library asks for rows, and a report gives them: a thread of
its own writes the file, and a batch waits until that thread has taken the one before it.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from queue import Queue
from typing import IO, TYPE_CHECKING, Any, Final, cast

from gencharge.reports import cells
from gencharge.reports.definitions import Batch, Column, Heading, Kind
from gencharge.reports.writers import turned

if TYPE_CHECKING:
    from arro3.core import Array, DataType, RecordBatch

EXTRA: Final = "gencharge[parquet]"
# What is in memory before it is written: encoded, some 100 bytes a row.
ROWS_PER_GROUP: Final = 50_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1)
_DIGITS: Final = 18


def is_installed() -> bool:
    """Whether Parquet can be written here."""
    return importlib.util.find_spec("arro3") is not None and all(
        importlib.util.find_spec(f"arro3.{part}") is not None for part in ("core", "io")
    )


class _Abandoned(Exception):
    """Nothing more is written."""


class _Output:
    """The file, for the library, which makes a panic of what a write raises: the first error is kept as it was."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.problem: Exception | None = None

    def write(self, data: bytes) -> int:
        """Write, as the file does."""
        try:
            return self._file.write(data)
        except Exception as error:
            self.problem = self.problem or error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as the file does."""
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        """Nothing: who gave the file sees to it."""


class ParquetWriter:
    """Writes a file whose end, which tells where everything is, comes last: half a file is none."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        # Imported for the first file: 35 MB of libraries.
        from arro3.core import Field, Schema

        self._output = _Output(file)
        self._columns = heading.columns
        self._about = {
            "title": str(heading.title),
            "report": heading.name,
            "made_at": heading.made_at,
            "filters": "; ".join(f"{name}={value}" for name, value in heading.filters),
        }
        self._schema = Schema(
            [Field(column.name, _type_of(column.kind), nullable=True) for column in self._columns]
        )
        self._batches = Queue[Any](maxsize=1)
        self._problem: Exception | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._write, name="parquet", daemon=True)
        self._thread.start()

    def add(self, batch: Batch) -> None:
        """Add rows. Raises what kept the ones before from being written."""
        if self._problem is not None:
            raise self._problem
        if batch:
            self._batches.put(self._record_batch(batch))

    def end(self) -> None:
        """Write the last rows and what follows them; the file stays open. Raises what kept it from being written."""
        self._finish(None)
        if self._problem is not None:
            raise self._problem

    def abandon(self) -> None:
        """Write no more."""
        self._finish(_Abandoned())

    def _finish(self, last: _Abandoned | None) -> None:
        self._batches.put(last)
        self._thread.join()

    def _write(self) -> None:
        from arro3.core import RecordBatchReader
        from arro3.io import write_parquet

        try:
            write_parquet(
                RecordBatchReader.from_batches(self._schema, self._taken()),
                cast("IO[bytes]", self._output),
                compression="zstd(3)",
                max_row_group_size=ROWS_PER_GROUP,
                key_value_metadata=self._about,
            )
        except BaseException as error:
            self._problem = self._output.problem or RuntimeError(f"Parquet: {error}")
            # The next batch must not wait for ever.
            while not self._is_over:
                self._take()

    def _taken(self) -> Iterator[RecordBatch]:
        while (batch := self._take()) is not None:
            if isinstance(batch, _Abandoned):
                raise batch
            yield batch

    def _take(self) -> Any:
        batch = self._batches.get()
        self._is_over = batch is None or isinstance(batch, _Abandoned)
        return batch

    def _record_batch(self, batch: Batch) -> RecordBatch:
        from arro3.core import RecordBatch

        parts = zip(self._columns, turned(batch, self._columns), strict=True)
        return RecordBatch([_array(column, values) for column, values in parts], schema=self._schema)


def _type_of(kind: Kind) -> DataType:
    from arro3.core import DataType

    match kind:
        case Kind.MONEY:
            return DataType.decimal128(_DIGITS, 2)
        case Kind.INTEGER:
            return DataType.int64()
        case Kind.BOOLEAN:
            return DataType.bool()
        case Kind.INSTANT:
            return DataType.timestamp("us", tz="UTC")
        case Kind.DATE:
            return DataType.date32()
        case _:
            return DataType.string()


def _array(column: Column, values: Sequence[Any]) -> Array:
    from arro3.core import Array, DataType

    match column.kind:
        case Kind.MONEY:
            # Paise are hundredths already: the same numbers, read with two decimals.
            paise = Array(values, type=DataType.int64()).cast(DataType.decimal128(_DIGITS, 0))
            rupees = _type_of(Kind.MONEY).__arrow_c_schema__()
            return Array.from_arrow_pycapsule(rupees, paise.__arrow_c_array__()[1])
        case Kind.INTEGER:
            return Array(values, type=DataType.int64())
        case Kind.BOOLEAN:
            return Array(values, type=DataType.bool())
        case Kind.INSTANT:
            times = [None if value is None else _microseconds(value) for value in values]
            return Array(times, type=DataType.int64()).cast(_type_of(Kind.INSTANT))
        case Kind.DATE:
            days = [None if value is None else (value - _FIRST_DAY).days for value in values]
            return Array(days, type=DataType.int32()).cast(DataType.date32())
        case _:
            text = cells.as_text(column.kind)
            return Array([None if value is None else text(value) for value in values], type=DataType.string())


def _microseconds(instant: datetime) -> int:
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
