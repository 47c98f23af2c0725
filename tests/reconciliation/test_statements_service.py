"""Statements: which are accepted, which are refused, and for what reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.channels.routing import Channel
from gencharge.core.values.clock import IST
from gencharge.payments.gateway import CallFailed, CallNotSent, CallUnknown, StatementRow
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import StatementInvalid, StatementUnavailable
from gencharge.reconciliation.models import (
    GATEWAY,
)
from tests.make.channels import make_channel
from tests.make.reconciliation import (
    FIRST,
    ROW,
    csv_of,
)

DAY = "2026-11-19"


PAYMENT = {
    "entity_id": "pay_1",
    "type": "payment",
    "amount": 50_000,
    "currency": "INR",
    "fee": 1_180,
    "settled_at": 1_795_000_000,
    "order_id": "order_1",
}
SETTLED = datetime.fromtimestamp(1_795_000_000, UTC).astimezone(IST).date()


def read(data: bytes, counterparty: str = FIRST, *, day: date | None = None) -> statements.Statement:
    return statements.read_file(data, counterparty, day or date.fromisoformat(DAY))


def test_every_bad_row_is_named_with_its_line() -> None:
    bad = csv_of(
        ROW,
        ROW | {"amount_paise": "299.00"},
        ROW | {"reference": " "},
        ROW | {"completed_at": "yesterday"},
        ROW | {"completed_at": "2026-11-19T10:00:00"},
        ROW | {"commission_paise": "-1"},
    )
    with pytest.raises(StatementInvalid) as refused:
        read(bad)
    lines = [problem.split(":")[0] for problem in refused.value.problems]
    assert lines == [f"line {number}" for number in (3, 4, 5, 6, 7)]
    assert "299.00" in refused.value.problems[0]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "missing columns:"),
        (b"colour\nred", "missing columns: amount_paise, commission_paise"),
        (b"\xff\xfe", "UTF-8"),
        (b"{", "not valid JSON"),
        (b'{"items": 5}', "not a statement"),
        (b'{"channel": "jio-b", "items": []}', "channel: the statement says jio-b, but it is jio-a"),
        (b'{"date": "2026-11-18", "items": []}', "date: the statement says 2026-11-18"),
        (b'{"count": 3, "items": []}', "count: the statement says 3, but it is 0"),
        (b'{"items": [5]}', "line 1"),
        (csv_of(ROW | {"completed_at": "2026-11-09T10:00:00+05:30"}), "is dated 2026-11-09, not 2026-11-19"),
    ],
)
def test_a_file_that_is_no_statement_of_the_day_is_refused_with_the_reason(data: bytes, problem: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(data)
    assert problem in refused.value.problems[0]


def test_a_file_may_bring_rows_of_the_neighbouring_days_which_do_not_count() -> None:
    before = ROW | {"reference": "r-0", "completed_at": "2026-11-18T23:59:59+05:30"}
    statement = read(csv_of(before, ROW))
    assert [row.reference for row in statement.rows] == ["r-1"]
    assert [row.reference for row in statement.beside] == ["r-0"]
    assert statement.rows[0].at.astimezone(IST).isoformat() == "2026-11-19T10:00:00+05:30"


def test_a_gateways_file_counts_refunds_as_negative() -> None:
    items = [
        {"entity_id": "pay_1", "type": "payment", "amount": 50_000, "currency": "INR", "fee": 1_180,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
        {"entity_id": "rfnd_1", "type": "refund", "amount": 20_000, "currency": "INR", "fee": 0,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
    ]  # fmt: skip
    day = datetime.fromtimestamp(1_795_000_000, UTC).astimezone(IST).date()
    statement = statements.read_file(json.dumps(items).encode(), GATEWAY, day)
    assert [(row.reference, row.amount, row.charges) for row in statement.rows] == [
        ("pay_1", 50_000, 1_180),
        ("rfnd_1", -20_000, 0),
    ]
    for wrong in ({"type": "adjustment"}, {"currency": "USD"}, {"amount": -5}):
        with pytest.raises(StatementInvalid):
            statements.read_file(json.dumps([items[0] | wrong]).encode(), GATEWAY, day)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"reference": ""}, "reference: must have 1 to 100 characters"),
        ({"reference": "r" * 101}, "reference: must have 1 to 100 characters"),
        ({"reference": "r\x00"}, "reference: must not have control characters"),
        ({"reference": "r\x1b[31m"}, "reference: must not have control characters"),
        ({"reference": "r\u2028r"}, "reference: must not have control characters"),
        ({"operator_reference": "JIO\x00"}, "operator_reference: must not have control characters"),
        ({"amount_paise": ""}, "amount_paise: must be a whole number of paise, not ''"),
        ({"amount_paise": "١٢"}, "amount_paise: must be a whole number of paise, not '١٢'"),
        ({"amount_paise": "1" * 16}, "amount_paise: must be a whole number of paise"),
        ({"amount_paise": "10000000000001"}, "amount_paise: must be a whole number of paise"),
        ({"amount_paise": "+5"}, "amount_paise: must be a whole number of paise, not '+5'"),
        ({"amount_paise": "1_000"}, "amount_paise: must be a whole number of paise, not '1_000'"),
        ({"amount_paise": "=29900"}, "amount_paise: must be a whole number of paise, not '=29900'"),
        ({"commission_paise": "8.97"}, "commission_paise: must be a whole number of paise, not '8.97'"),
        ({"status": "Success"}, "status: must be success or failed, not 'Success'"),
        ({"status": "pending"}, "status: must be success or failed, not 'pending'"),
        ({"completed_at": "2026-11-19"}, "completed_at: must be a date and time with a time zone"),
        ({"completed_at": "19/11/2026 10:00"}, "Invalid isoformat string: '19/11/2026 10:00'"),
        ({"completed_at": "2026-02-30T10:00:00+05:30"}, "day is out of range for month"),
        ({"completed_at": "9999-12-31T23:59:59+00:00"}, "date value out of range"),
        ({"completed_at": "0001-01-01T00:00:00+23:00"}, "date value out of range"),
    ],
)
def test_each_value_of_a_row_is_checked(fault: dict[str, str], problem: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(csv_of(ROW, ROW | fault))
    [line] = refused.value.problems
    number, _, reason = line.partition(": ")
    assert number.startswith("line ")
    assert reason.startswith(problem)


@pytest.mark.parametrize("amount", ["0", "10000000000000", "00029900"])
def test_the_limits_of_an_amount_are_included(amount: str) -> None:
    statement = read(csv_of(ROW | {"amount_paise": amount}))
    assert [row.amount for row in statement.rows] == [int(amount)]


@pytest.mark.parametrize(
    "reference", ["=cmd|'/c calc'!A1", "@SUM(1)", "+1", "-1", '"; DROP TABLE recharges; --', "ref é"]
)
def test_a_reference_that_looks_like_a_formula_or_sql_is_plain_text(reference: str) -> None:
    [row] = read(csv_of(ROW | {"reference": reference})).rows
    assert row.reference == reference


def test_a_failed_row_counts_as_not_done_and_keeps_its_reference() -> None:
    [row] = read(csv_of(ROW | {"status": "failed"})).rows
    assert (row.done, row.reference, row.their_reference) == (False, "r-1", "JIO-1")


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda text: text.replace("reference", "Reference"), "line 1: missing columns: reference"),
        (lambda text: text.replace("operator,", "amount_paise,", 1), "line 1: repeated columns: amount_paise"),
        (lambda text: text.replace(",success", ",success,more", 1), "line 2: has more values than there are columns"),
        (lambda text: text.replace(",", ";"), "line 1: missing columns: amount_paise, commission_paise"),
        (lambda text: text.replace("JIO-1", '"JIO-1', 1), "after line 1: unexpected end of data"),
        (lambda text: text.split(",success")[0], "line 2: completed_at: must have 1 to 100 characters"),
        (lambda text: text.replace("JIO-1", "J" * 200_000), "after line 1: field larger than field limit"),
    ],
    ids=["heading", "repeated", "too many values", "semicolons", "quotes", "cut off", "long field"],
)  # fmt: skip
def test_a_malformed_csv_file_is_refused_with_its_line(edit: Callable[[str], str], problem: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(edit(csv_of(ROW).decode()).encode())
    assert refused.value.problems[0].startswith(problem)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
def test_a_file_in_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(StatementInvalid):
        read(csv_of(ROW).decode().encode(encoding))


def test_a_latin_1_file_is_refused_and_not_read_as_other_letters() -> None:
    with pytest.raises(StatementInvalid, match="not UTF-8 text"):
        read(csv_of(ROW | {"operator": "é"}).decode().encode("latin-1"))


@pytest.mark.parametrize(
    "data", [csv_of(ROW), json.dumps([ROW]).encode(), b" \n" + json.dumps([ROW]).encode()]
)
def test_a_byte_order_mark_makes_no_difference(data: bytes) -> None:
    assert read(b"\xef\xbb\xbf" + data).rows == read(data).rows


def test_blank_lines_and_the_order_of_columns_make_no_difference() -> None:
    names = sorted(ROW, reverse=True)
    text = ",".join(names) + "\n\n" + ",".join(ROW[name] for name in names) + "\n\n"
    assert read(text.encode()).rows == read(csv_of(ROW)).rows


def test_the_hash_is_of_the_file_as_it_was_received() -> None:
    data = csv_of(ROW)
    assert read(data).sha256 == hashlib.sha256(data).hexdigest()
    assert read(data + b"\n").sha256 != read(data).sha256


def test_a_header_without_rows_is_an_empty_statement() -> None:
    statement = read(csv_of())
    assert (statement.rows, statement.beside) == ((), ())


def test_a_hundred_bad_rows_are_named_and_the_others_counted() -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(csv_of(*[ROW | {"amount_paise": "x"}] * 130))
    problems = refused.value.problems
    assert len(problems) == statements.SHOWN_PROBLEMS + 1
    assert problems[-1] == "and 30 more bad rows"
    assert str(refused.value) == problems[0]


def test_a_file_above_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    three = csv_of(ROW, ROW, ROW)
    monkeypatch.setattr(statements, "MAX_ROWS", 2)
    with pytest.raises(StatementInvalid, match="more than 2 rows"):
        read(three)
    assert len(read(csv_of(ROW, ROW)).rows) == 2
    monkeypatch.setattr(statements, "MAX_FILE_BYTES", len(three) - 1)
    with pytest.raises(StatementInvalid, match="the file is larger than"):
        read(three)


def test_a_large_file_is_read_in_one_pass() -> None:
    rows = [ROW | {"reference": f"r-{number}"} for number in range(20_000)]
    statement = read(csv_of(*rows))
    assert len({row.reference for row in statement.rows}) == 20_000
    assert sum(row.charges for row in statement.rows) == 20_000 * 897


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"channel": "jio-b"}, "channel: the statement says jio-b, but it is jio-a"),
        ({"date": "2026-11-20"}, "date: the statement says 2026-11-20, but it is 2026-11-19"),
        ({"count": 1}, "count: the statement says 1, but it is 2"),
        ({"count": None}, "count: the statement says None, but it is 2"),
        ({"total_amount_paise": 59_801}, "total_amount_paise: the statement says 59801, but it is 59800"),
        ({"total_amount_paise": "59800"}, "total_amount_paise: the statement says 59800, but it is 59800"),
        ({"total_commission_paise": 0}, "total_commission_paise: the statement says 0, but it is 1794"),
        ({"channel": "\x1b[2J"}, "channel: the statement says '\\x1b[2J', but it is jio-a"),
    ],
)
def test_a_wrong_total_makes_the_whole_statement_invalid(fault: dict[str, object], problem: str) -> None:
    document = {
        "channel": FIRST,
        "date": DAY,
        "count": 2,
        "total_amount_paise": 59_800,
        "total_commission_paise": 1_794,
        "items": [ROW, ROW | {"reference": "r-2"}],
    }
    assert len(read(json.dumps(document).encode()).rows) == 2
    with pytest.raises(StatementInvalid) as refused:
        read(json.dumps(document | fault).encode())
    assert refused.value.problems == [problem]


@pytest.mark.parametrize(
    "item",
    [
        None,
        5,
        "r-1",
        [ROW],
        {},
        {"reference": "r-1"},
        ROW | {"amount_paise": True},
        ROW | {"amount_paise": 1.5},
        ROW | {"reference": 7},
    ],
)
def test_a_json_item_that_is_no_row_is_refused(item: object) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(json.dumps({"items": [ROW, item]}).encode())
    assert refused.value.problems[0].startswith("line 2: ")


@pytest.mark.parametrize(
    ("completed_at", "is_own"),
    [
        ("2026-11-18T18:29:59.999999+00:00", False),
        ("2026-11-18T18:30:00+00:00", True),
        ("2026-11-19T18:29:59.999999Z", True),
        ("2026-11-20T00:00:00+05:30", False),
    ],
)
def test_a_row_is_of_the_day_in_india_whatever_its_time_zone(completed_at: str, is_own: bool) -> None:
    statement = read(csv_of(ROW | {"completed_at": completed_at}))
    assert (len(statement.rows), len(statement.beside)) == (int(is_own), int(not is_own))


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"type": "adjustment"}, "type: must be payment or refund, not 'adjustment'"),
        ({"currency": "USD"}, "currency: must be INR, not 'USD'"),
        ({"amount": -5}, "amount: must be a whole number of paise, not '-5'"),
        ({"fee": None}, "fee: must be a whole number of paise, not 'None'"),
        ({"settled_at": "soon"}, "settled_at: must be a whole number of paise, not 'soon'"),
        ({"settled_at": 10**13}, "year 318857 is out of range"),
        ({"settled_at": 253_402_300_799}, "date value out of range"),
        ({"entity_id": ""}, "entity_id: must have 1 to 100 characters"),
        ({"order_id": "order\x00"}, "order_id: must not have control characters"),
    ],
)
def test_each_value_of_a_gateways_row_is_checked(fault: dict[str, object], problem: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(json.dumps([PAYMENT | fault]).encode(), GATEWAY)
    assert refused.value.problems == [f"line 1: {problem}"]


def test_a_gateways_csv_file_is_read_like_its_json() -> None:
    names = list(PAYMENT)
    text = ",".join(names) + "\n" + ",".join(str(PAYMENT[name]) for name in names) + "\n"
    assert (
        read(text.encode(), GATEWAY, day=SETTLED).rows
        == read(json.dumps([PAYMENT]).encode(), GATEWAY, day=SETTLED).rows
    )


class Gateway:
    """A gateway whose statement is given, or that fails."""

    def __init__(self, result: Sequence[StatementRow] | CallFailed) -> None:
        self.result = result

    async def statement(self, day: date) -> Sequence[StatementRow]:
        assert day == SETTLED
        if isinstance(self.result, CallFailed):
            raise self.result
        return self.result


async def fetch(result: Sequence[StatementRow] | CallFailed) -> statements.Statement:
    context = SimpleNamespace(gateway=Gateway(result))
    return await statements.fetch_from_gateway(context, SETTLED)  # type: ignore[arg-type]


async def test_a_gateways_api_and_its_file_give_the_same_rows() -> None:
    row = StatementRow(
        entity_id="pay_1",
        kind="payment",
        payment_id=None,
        order_id="order_1",
        order_receipt=None,
        amount=50_000,
        credit=48_820,
        debit=0,
        fee=1_180,
        tax=0,
        currency="INR",
        settled_at=1_795_000_000,
    )
    assert (await fetch([row])).rows == read(json.dumps([PAYMENT]).encode(), GATEWAY, day=SETTLED).rows


@pytest.mark.parametrize("failure", [CallNotSent("ConnectError"), CallUnknown("ReadTimeout")])
async def test_a_gateway_that_does_not_answer_has_no_statement_yet(failure: CallFailed) -> None:
    with pytest.raises(StatementUnavailable, match=failure.reason):
        await fetch(failure)


class Operator:
    """An operator whose document is given, or that fails."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.paths: list[str] = []

    async def fetch(self, channel: Channel, path: str) -> object:
        self.paths.append(f"{channel.code}{path}")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        ValueError("jio-a answered 503"),
        TimeoutError(),
    ],
)
async def test_an_operator_that_does_not_answer_has_no_statement_yet(failure: Exception) -> None:
    with pytest.raises(StatementUnavailable, match=str(failure) or "TimeoutError"):
        await statements.fetch_from_operator(
            Operator(failure), make_channel(code=FIRST), date.fromisoformat(DAY)
        )  # type: ignore[arg-type]


async def test_an_operators_api_is_asked_for_the_day_and_read_like_its_file() -> None:
    operator = Operator({"items": [ROW]})
    statement = await statements.fetch_from_operator(
        operator, make_channel(code=FIRST), date.fromisoformat(DAY)
    )  # type: ignore[arg-type]
    assert operator.paths == [f"{FIRST}/statement?date={DAY}"]
    assert statement.rows == read(csv_of(ROW)).rows


@pytest.mark.parametrize("document", [None, "maintenance", {"error": "no statement"}, {"items": {}}])
async def test_an_answer_without_rows_is_no_statement(document: object) -> None:
    with pytest.raises(StatementInvalid, match="expected an object with items"):
        await statements.fetch_from_operator(
            Operator(document), make_channel(code=FIRST), date.fromisoformat(DAY)
        )  # type: ignore[arg-type]


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_other_file_is_refused_as_invalid_and_never_otherwise(data: bytes) -> None:
    try:
        statement = read(data)
    except StatementInvalid:
        return
    assert statement.rows == (), "only an empty list of rows is a statement"
    assert json.loads(data) in ([], {"items": []})


@given(st.fixed_dictionaries({name: st.text(max_size=30) | st.just(value) for name, value in ROW.items()}))
def test_a_row_of_any_text_is_read_or_refused_as_invalid(row: dict[str, str]) -> None:
    try:
        statement = read(csv_of(row))
    except StatementInvalid:
        return
    [entry] = statement.rows + statement.beside
    assert entry.reference == row["reference"].strip()
    assert entry.amount == int(row["amount_paise"])
