"""The operators' routes under `/operators/{channel}`: JSON, signed with HMAC over time stamp and body."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gencharge.core.values.clock import IST
from sandbox import bills, faults, scripts, signing, statements
from sandbox import operator_network as network
from sandbox.faults import Act, Refusal
from sandbox.operator_network import Submission, error
from sandbox.parts import Sandbox
from sandbox.scripts import Family, Script

Handler = Callable[[Request], Awaitable[Response]]

_NOT_AGAIN: Final = frozenset({Family.ANSWER})


@dataclass(frozen=True, slots=True)
class Work:
    """What a request asks for; a repetition's answer may go wrong, but nothing is decided again."""

    act: Act
    facts: dict[str, Any] = field(default_factory=dict)
    first: bool = True
    decided: bool = False


Prepare = Callable[[Sandbox, str, Request, bytes], Work]


def _serve(operation: str, prepare: Prepare) -> Handler:
    async def handle(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        name, raw = request.path_params["channel"], await request.body()
        try:
            _authenticate(sandbox, name, request, raw)
            network.channel(sandbox, name)
            work = prepare(sandbox, name, request, raw)
        except Refusal as refusal:
            return refusal.response
        with sandbox.store.transaction() as db:
            families = _NOT_AGAIN if work.decided else scripts.ALL_MOVES
            script = scripts.choose(db, name, operation, work.facts, first=work.first, families=families)

        def act_and_wake(chosen: Script | None) -> Response:
            try:
                return work.act(chosen)
            finally:
                sandbox.courier.wake()

        return await faults.answer(request, sandbox.clock, script, act_and_wake, network.by_status)

    return handle


def _authenticate(sandbox: Sandbox, name: str, request: Request, raw: bytes) -> None:
    stamp, signature = request.headers.get("X-Timestamp", ""), request.headers.get("X-Signature", "")
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    secret = sandbox.operator_secret(name, "requests")
    expected = signing.operator_signature(secret, stamp, name, request.method, path, raw)
    # During a rotation there are several: one that fits is enough.
    if not any(signing.is_genuine(expected, each) for each in signature.split(" ")):
        problem = "X-Signature does not fit X-Timestamp, the channel, the method, the path and the body."
        raise Refusal(401, error("bad_signature", problem))
    # Real time, not the sandbox's: the caller has only that.
    fresh = stamp.isascii() and stamp.isdigit() and abs(time.time() - int(stamp)) <= signing.FRESH_SECONDS
    if not fresh:
        raise Refusal(401, error("stale_timestamp", "X-Timestamp is more than 5 minutes off."))


def _submit(sandbox: Sandbox, name: str, _request: Request, raw: bytes) -> Work:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(400, error("bad_json", "The body is not JSON.")) from None
    asked = Submission.read(body)
    times = scripts.count_seen(sandbox.db, name, asked.reference)

    def act(script: Script | None) -> Response:
        return JSONResponse(network.submit(sandbox, name, asked, script))

    known = network.find(sandbox.db, name, asked.reference)
    return Work(act, asked.facts, first=times == 1, decided=known is not None)


def _status(sandbox: Sandbox, name: str, request: Request, _raw: bytes) -> Work:
    reference = request.path_params["reference"]
    row = network.find(sandbox.db, name, reference)
    facts: dict[str, Any] = {"reference": reference}
    if row is not None:
        facts |= {"phone_number": row["phone_number"], "amount": row["amount_paise"]}
    return Work(lambda _: JSONResponse(network.status(sandbox.db, name, reference)), facts)


def _bill(sandbox: Sandbox, name: str, _request: Request, raw: bytes) -> Work:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(400, error("bad_json", "The body is not JSON.")) from None
    question = bills.Question.read(body)

    def act(_script: Script | None) -> Response:
        with sandbox.store.transaction() as db:
            return JSONResponse({"channel": name, **bills.answer(db, question, sandbox.now)})

    return Work(act, {"phone_number": question.phone_number})


def _balance(sandbox: Sandbox, name: str, _request: Request, _raw: bytes) -> Work:
    def act(_script: Script | None) -> Response:
        row = network.channel(sandbox, name)
        left = row["float_paise"] - row["used_paise"]
        return JSONResponse({"channel": name, "balance_paise": left, "currency": "INR"})

    return Work(act)


def _statement(sandbox: Sandbox, name: str, request: Request, _raw: bytes) -> Work:
    raw = request.query_params.get("date", "")
    try:
        day = date.fromisoformat(raw) if raw else datetime.fromtimestamp(sandbox.now, IST).date()
    except ValueError:
        raise Refusal(422, error("invalid_field", "date: YYYY-MM-DD", field="date")) from None
    as_csv = request.query_params.get("format") == "csv" or "text/csv" in request.headers.get("Accept", "")

    def act(_script: Script | None) -> Response:
        rows = statements.deliveries(sandbox, name, day)
        if as_csv:
            title = f'attachment; filename="{name}-{day}.csv"'
            return Response(
                statements.as_csv(rows), media_type="text/csv", headers={"Content-Disposition": title}
            )
        totals = {
            "total_amount_paise": sum(row["amount_paise"] for row in rows),
            "total_commission_paise": sum(row["commission_paise"] for row in rows),
        }
        return JSONResponse(
            {"channel": name, "date": day.isoformat(), "count": len(rows), **totals, "items": rows}
        )

    return Work(act)


ROUTES = [
    Route("/operators/{channel}/recharges", _serve("submit", _submit), methods=["POST"]),
    Route("/operators/{channel}/recharges/{reference}", _serve("status", _status), methods=["GET"]),
    Route("/operators/{channel}/bills/fetch", _serve("bill", _bill), methods=["POST"]),
    Route("/operators/{channel}/balance", _serve("balance", _balance), methods=["GET"]),
    Route("/operators/{channel}/statement", _serve("statement", _statement), methods=["GET"]),
]
