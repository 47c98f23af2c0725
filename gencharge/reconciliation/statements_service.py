"""Statements, read from a counterparty's API or from a file into rows of one type.

A statement is accepted as a whole or not at all: one bad row makes the sums worthless. So each bad row is reported with
its line, and nothing is matched.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import httpx
import orjson

from gencharge.channels.service import Channel, OperatorClient
from gencharge.core.values.clock import IST
from gencharge.payments import service as payments
from gencharge.payments.errors import GatewayUnavailable
from gencharge.reconciliation.errors import StatementInvalid, StatementUnavailable
from gencharge.reconciliation.matching import TheirRow
from gencharge.reconciliation.models import GATEWAY

MAX_FILE_BYTES: Final = 32_000_000
MAX_ROWS: Final = 500_000
MAX_PAISE: Final = 10**13
SHOWN_PROBLEMS: Final = 100
_OPERATOR_COLUMNS: Final = frozenset(
    {"reference", "amount_paise", "commission_paise", "status", "completed_at"}
)
_GATEWAY_COLUMNS: Final = frozenset(
    {"entity_id", "type", "amount", "currency", "fee", "settled_at", "order_id"}
)
Fields = Mapping[str, object]
Reader = Callable[[Fields], TheirRow]


@dataclass(frozen=True, slots=True)
class Statement:
    """The rows of a day, and those of the neighbouring days that came with them. `sha256` of the data received."""

    rows: tuple[TheirRow, ...]
    beside: tuple[TheirRow, ...]
    sha256: str


async def fetch_from_operator(client: OperatorClient, channel: Channel, day: date) -> Statement:
    """An operator's statement of a day. Raises StatementUnavailable, StatementInvalid."""
    try:
        document = await client.fetch(channel, f"/statement?date={day.isoformat()}")
    except (httpx.HTTPError, ValueError, TimeoutError) as error:
        raise StatementUnavailable(str(error) or type(error).__name__) from error
    return _from_document(document, channel.code, day)


async def fetch_from_gateway(context: payments.PaymentContext, day: date) -> Statement:
    """The gateway's statement of a day. Raises StatementUnavailable, StatementInvalid."""
    try:
        rows = await payments.fetch_statement(context, day)
    except GatewayUnavailable as error:
        raise StatementUnavailable(error.detail) from error
    items = [
        {
            "entity_id": row.entity_id,
            "type": row.kind,
            "amount": row.amount,
            "currency": row.currency,
            "fee": row.fee,
            "settled_at": row.settled_at,
            "order_id": row.order_id,
        }
        for row in rows
    ]
    return _split(_read_all(enumerate(items, 1), _gateway_row), day, orjson.dumps(items))


def read_file(data: bytes, counterparty: str, day: date) -> Statement:
    """A statement from a file: CSV with a header line, or the API's JSON. Raises StatementInvalid."""
    if len(data) > MAX_FILE_BYTES:
        raise StatementInvalid([f"the file is larger than {MAX_FILE_BYTES // 1_000_000} MB"])
    text = data.removeprefix(codecs.BOM_UTF8)
    if text.lstrip()[:1] in {b"{", b"["}:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise StatementInvalid([f"not valid JSON: {error}"]) from None
        return _from_document(document, counterparty, day, data)
    try:
        lines = _csv_lines(text.decode(), _GATEWAY_COLUMNS if counterparty == GATEWAY else _OPERATOR_COLUMNS)
    except UnicodeDecodeError:
        raise StatementInvalid(["not UTF-8 text"]) from None
    return _split(_read_all(lines, _reader_of(counterparty)), day, data)


def _csv_lines(text: str, columns: frozenset[str]) -> list[tuple[int, object]]:
    """The rows of a CSV file with their line numbers. Raises StatementInvalid."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, object]] = []
    try:
        header = reader.fieldnames or ()
        if missing := sorted(columns - set(header)):
            raise StatementInvalid([f"line 1: missing columns: {', '.join(missing)}"])
        if repeated := sorted(name for name in columns if header.count(name) > 1):
            raise StatementInvalid([f"line 1: repeated columns: {', '.join(repeated)}"])
        lines.extend((reader.line_num, row) for row in reader)
    except csv.Error as error:
        raise StatementInvalid([f"after line {reader.line_num}: {error}"]) from None
    return lines


def _from_document(document: object, counterparty: str, day: date, data: bytes | None = None) -> Statement:
    """The API's JSON. If it gives the channel, date, count or sums, they must be correct."""
    if isinstance(document, list):
        document = {"items": document}
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise StatementInvalid(["not a statement: expected an object with items"])
    items = document["items"]
    rows = _read_all(enumerate(items, 1), _reader_of(counterparty))
    expected = {
        "channel": counterparty,
        "date": day.isoformat(),
        "count": len(items),
        "total_amount_paise": sum(row.amount for row in rows),
        "total_commission_paise": sum(row.charges for row in rows),
    }
    wrong = [
        f"{name}: the statement says {_brief(document[name])}, but it is {value}"
        for name, value in expected.items()
        if name in document and document[name] != value
    ]
    if wrong:
        raise StatementInvalid(wrong)
    return _split(rows, day, data if data is not None else orjson.dumps(document))


def _read_all(lines: Iterable[tuple[int, object]], read: Reader) -> list[TheirRow]:
    rows: list[TheirRow] = []
    problems: list[str] = []
    for line, item in lines:
        if len(rows) >= MAX_ROWS:
            raise StatementInvalid([f"more than {MAX_ROWS} rows"])
        try:
            if not isinstance(item, Mapping):
                raise TypeError("must be an object")
            if None in item:  # csv.DictReader puts the values without a column there
                raise ValueError("has more values than there are columns")
            rows.append(read(item))
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
            problem = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            problems.append(f"line {line}: {problem}")
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        raise StatementInvalid(
            problems[:SHOWN_PROBLEMS] + ([f"and {more} more bad rows"] if more > 0 else [])
        )
    return rows


def _split(rows: Sequence[TheirRow], day: date, data: bytes) -> Statement:
    """Separate the day's own rows from those of the neighbouring days. Raises StatementInvalid for any other day."""
    own: list[TheirRow] = []
    beside: list[TheirRow] = []
    for number, row in enumerate(rows, 1):
        distance = abs(row.at.astimezone(IST).date() - day)
        if distance > timedelta(days=1):
            problem = f"row {number}: {row.reference} is dated {row.at.astimezone(IST).date()}, not {day}"
            raise StatementInvalid([problem])
        (beside if distance else own).append(row)
    return Statement(tuple(own), tuple(beside), hashlib.sha256(data).hexdigest())


def _reader_of(counterparty: str) -> Reader:
    return _gateway_row if counterparty == GATEWAY else _operator_row


def _operator_row(item: Fields) -> TheirRow:
    at = datetime.fromisoformat(_text(item, "completed_at"))
    if at.tzinfo is None:
        raise ValueError("completed_at: must be a date and time with a time zone")
    status = _text(item, "status")
    if status not in {"success", "failed"}:
        raise ValueError(f"status: must be success or failed, not {status!r}")
    return TheirRow(
        reference=_text(item, "reference"),
        amount=_paise(item, "amount_paise"),
        charges=_paise(item, "commission_paise"),
        at=_utc(at),
        done=status == "success",
        their_reference=_optional_text(item, "operator_reference"),
    )


def _gateway_row(item: Fields) -> TheirRow:
    kind = _text(item, "type")
    if kind not in {"payment", "refund"}:
        raise ValueError(f"type: must be payment or refund, not {kind!r}")
    if item["currency"] != "INR":
        raise ValueError(f"currency: must be INR, not {item['currency']!r}")
    amount = _paise(item, "amount")
    return TheirRow(
        reference=_text(item, "entity_id"),
        amount=amount if kind == "payment" else -amount,
        charges=_paise(item, "fee"),
        at=_utc(datetime.fromtimestamp(_paise(item, "settled_at"), UTC)),
        order_id=_optional_text(item, "order_id") or None,
    )


def _text(item: Fields, name: str) -> str:
    value = item[name]
    if not isinstance(value, str) or not value.strip() or len(value) > 100:
        raise ValueError(f"{name}: must have 1 to 100 characters")
    return _printable(name, value.strip())


def _optional_text(item: Fields, name: str) -> str:
    return _printable(name, str(item.get(name) or "")[:100].strip())


def _printable(name: str, text: str) -> str:
    """The text itself. A control character can't be stored, or would reach the terminal of who reads the report."""
    if not text.isprintable():
        raise ValueError(f"{name}: must not have control characters")
    return text


def _utc(at: datetime) -> datetime:
    """The instant in UTC. Raises OverflowError if its day in India can't be represented."""
    return at.astimezone(IST).astimezone(UTC)


def _brief(value: object) -> str:
    text = str(value)[:40]
    return text if text.isprintable() else repr(text)


def _paise(item: Fields, name: str) -> int:
    value = item[name]
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_PAISE:
        raise ValueError(f"{name}: must be a whole number of paise, not {str(value)[:40]!r}")
    return value
