"""The control routes under `/sandbox`: lay scripts, move the clock, pay without a browser, look at everything."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import bills, scripts
from sandbox import gateway_payments as payments
from sandbox import gateway_wire as wire
from sandbox import operator_network as network
from sandbox.faults import Refusal
from sandbox.parts import Sandbox
from sandbox.store import insert

_SHOWN: Final = 200
Handler = Callable[[Request], Awaitable[Response]]


def _serve(work: Callable[[Sandbox, Request, Mapping[str, Any]], Mapping[str, Any]]) -> Handler:
    async def handle(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        raw = await request.body()
        try:
            body = json.loads(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                raise _wrong("body: a JSON object")
            return JSONResponse(dict(work(sandbox, request, body)))
        except ValueError:
            return _wrong("body: not JSON").response
        except Refusal as refusal:
            return refusal.response
        finally:
            sandbox.courier.wake()

    return handle


def _wrong(message: str) -> Refusal:
    return Refusal(422, network.error("invalid_field", message))


def _known(body: Mapping[str, Any], *names: str) -> None:
    strange = sorted(set(body) - set(names))
    if strange:
        raise _wrong(f"{strange[0]}: not known; there are {', '.join(names)}")


def _real(
    body: Mapping[str, Any], name: str, default: float, *, minimum: float = 0, maximum: float = 1e9
) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(f"{name}: a number")
    if not minimum <= value <= maximum:
        raise _wrong(f"{name}: from {minimum:g} to {maximum:g}")
    return float(value)


def _whole(body: Mapping[str, Any], name: str, default: int, *, minimum: int, maximum: int) -> int:
    value = _real(body, name, default, minimum=minimum, maximum=maximum)
    if value != int(value):
        raise _wrong(f"{name}: a whole number")
    return int(value)


def _lay_script(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`PUT /sandbox/scripts`: the same target, operation and match again replaces the script.

    One that hits a share of the references replaces its own kind only: many kinds of faults happen side by side.
    """
    _known(body, "target", "operation", "script", "seconds", "count", "reason", "times", "match", "share")
    target, operation = str(body.get("target")), str(body.get("operation"))
    kind, match = scripts.KINDS.get(str(body.get("script"))), body.get("match") or {}
    if wrong := scripts.problem(target, operation, kind):
        raise _wrong(wrong)
    assert kind is not None
    if not isinstance(match, dict) or set(match) - scripts.MATCHES:
        raise _wrong(f"match: an object of {', '.join(sorted(scripts.MATCHES))}")
    times = body.get("times", "forever")
    values = {
        "target": target,
        "operation": operation,
        "script": kind.name,
        "seconds": _real(body, "seconds", kind.seconds),
        "count": _whole(body, "count", kind.count, minimum=1, maximum=100),
        "reason": body.get("reason"),
        "remaining": None if times == "forever" else _whole(body, "times", 1, minimum=1, maximum=1_000_000),
        "matches": json.dumps(match, sort_keys=True),
        "share": _real(body, "share", 1, maximum=1),
    }
    with sandbox.store.transaction() as db:
        db.execute(
            "DELETE FROM scripts WHERE target = ? AND operation = ? AND matches = ? AND (script = ? OR ? >= 1)",
            (target, operation, values["matches"], kind.name, values["share"]),
        )
        number = insert(db, "scripts", **values)
    return _script_out({"id": number, "hits": 0, **values})


def _script_out(row: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(row)
    remaining, matches = out.pop("remaining"), out.pop("matches")
    return {**out, "times": "forever" if remaining is None else remaining, "match": json.loads(matches)}


def _clear_scripts(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`DELETE /sandbox/scripts`, all or those of `?target=` and `?operation=`."""
    asked = request.query_params
    removed = sandbox.db.execute(
        "DELETE FROM scripts WHERE coalesce(:target = target, 1) AND coalesce(:operation = operation, 1)",
        {"target": asked.get("target"), "operation": asked.get("operation")},
    )
    return {"removed": removed.rowcount}


def _remove_script(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    removed = sandbox.db.execute("DELETE FROM scripts WHERE id = ?", (request.path_params["id"],))
    return {"removed": removed.rowcount}


def _set_clock(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`PUT /sandbox/clock`: jump forward, run faster. Everything that falls due happens now."""
    _known(body, "advance_seconds", "speed")
    sandbox.clock.change(
        advance_seconds=_real(body, "advance_seconds", 0),
        speed=_real(body, "speed", sandbox.clock.speed, minimum=0.01, maximum=1e6),
    )
    return _clock(sandbox)


def _clock(sandbox: Sandbox) -> dict[str, Any]:
    return {"now": sandbox.now, "speed": sandbox.clock.speed}


def _set_targets(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`PUT /sandbox/targets`: where webhooks, callbacks and receipts of SMS go, and the pauses between tries."""
    _known(body, "webhook_url", "callback_url", "receipt_url", "back_off_seconds")
    for name in ("webhook_url", "callback_url", "receipt_url"):
        if name in body and not str(body[name]).startswith(("http://", "https://")):
            raise _wrong(f"{name}: an address that begins with http:// or https://")
    pauses = body.get("back_off_seconds")
    if pauses is not None and not (isinstance(pauses, list) and pauses):
        raise _wrong("back_off_seconds: a list of seconds")
    for pause in pauses or []:
        _real({"back_off_seconds": pause}, "back_off_seconds", 0)
    sandbox.store.remember("targets", {**sandbox.store.recall("targets", {}), **body})
    # What waits for a far-off try may now go out, so that nobody has to wait for the old pauses.
    sandbox.db.execute(
        "UPDATE notices SET due_at = min(due_at, ?) WHERE state = 'queued' AND attempts > 0", (sandbox.now,)
    )
    return sandbox.courier.targets


def _set_channel(sandbox: Sandbox, request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`PUT /sandbox/operators/{channel}`: its float, commission, and whether it answers at once or later."""
    _known(
        body,
        "float_paise",
        "commission_basis_points",
        "answers",
        "settle_seconds",
        "callbacks",
        "secret_version",
    )
    row = network.channel(sandbox, request.path_params["channel"])
    answers, callbacks = body.get("answers", row["answers"]), body.get("callbacks", bool(row["callbacks"]))
    if answers not in {"final", "accepted"}:
        raise _wrong("answers: final or accepted")
    if not isinstance(callbacks, bool):
        raise _wrong("callbacks: true or false")
    if "secret_version" in body:
        version = _whole(body, "secret_version", 1, minimum=1, maximum=10**6)
        versions = sandbox.store.recall("secret_versions", {})
        sandbox.store.remember("secret_versions", {**versions, row["name"]: version})
    sandbox.db.execute(
        "UPDATE channels SET float_paise = ?, commission_basis_points = ?, answers = ?, settle_seconds = ?, callbacks = ?"
        " WHERE name = ?",
        (
            _whole(body, "float_paise", row["float_paise"], minimum=0, maximum=10**15),
            _whole(
                body, "commission_basis_points", row["commission_basis_points"], minimum=0, maximum=10_000
            ),
            answers,
            _real(body, "settle_seconds", row["settle_seconds"]),
            callbacks,
            row["name"],
        ),
    )
    return _channel_out(dict(network.channel(sandbox, row["name"])))


def _channel_out(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict(row), "callbacks": bool(row["callbacks"])}


def _pay(sandbox: Sandbox, request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`POST /sandbox/orders/{id}/pay`: what a customer does in the checkout. Returns what the checkout hands back."""
    _known(body, "method", "outcome", "seconds", "contact", "email")
    method, outcome = body.get("method", "upi"), body.get("outcome", "succeed")
    if method not in wire.METHODS:
        raise _wrong(f"method: one of {', '.join(wire.METHODS)}")
    if outcome not in payments.OUTCOMES:
        raise _wrong(f"outcome: one of {', '.join(payments.OUTCOMES)}")
    seconds = _real(body, "seconds", 0) if "seconds" in body else None
    order_id = request.path_params["id"]
    row = payments.pay(
        sandbox,
        order_id,
        method=method,
        outcome=outcome,
        seconds=seconds,
        contact=wire.text(body, "contact", longest=15),
        email=wire.text(body, "email", longest=64),
    )
    return {**payments.handed_back(sandbox, row), "status": row["status"]}


def _put_bill(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`PUT /sandbox/bills`: the bill of a postpaid number; without `bill_reference` it has none yet."""
    names = tuple(field.name for field in fields(bills.Bill))
    _known(body, *names)
    question = bills.Question.read(body)
    rule = body.get("part_payment", "any")
    if rule not in bills.RULES:
        raise _wrong(f"part_payment: one of {', '.join(bills.RULES)}")
    bill = bills.Bill(
        question.phone_number,
        question.operator,
        body.get("bill_reference"),
        _whole(body, "amount_paise", 0, minimum=0, maximum=1_00_00_000),
        _whole(body, "minimum_paise", 0, minimum=0, maximum=1_00_00_000),
        rule,
        body.get("due_on"),
        body.get("period_from"),
        body.get("period_to"),
        body.get("customer_name", "Asha Verma"),
    )
    with sandbox.store.transaction() as db:
        bills.put(db, bill)
    return asdict(bill)


def _deliveries(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`GET /sandbox/operators/{channel}/deliveries`: by reference, how often asked, taken and delivered."""
    items = network.seen(sandbox.db, request.path_params["channel"])
    return {"count": len(items), "items": items}


def _state(sandbox: Sandbox, _request: Request, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`GET /sandbox/state`: everything, of long lists the newest."""
    db = sandbox.db

    def newest(table: str, columns: str = "*") -> list[dict[str, Any]]:
        rows = db.execute(f"SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT {_SHOWN}")  # noqa: S608 - ours
        return [dict(row) for row in rows]

    def len_of(table: str) -> int:
        return int(db.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"])  # noqa: S608 - ours

    tables = (
        "orders",
        "payments",
        "refunds",
        "customers",
        "tokens",
        "recharges",
        "delivered",
        "later",
        "notices",
    )
    return {
        "clock": _clock(sandbox),
        "targets": sandbox.courier.targets,
        "scripts": [_script_out(row) for row in newest("scripts")],
        "channels": [_channel_out(row) for row in newest("channels")],
        "counts": {table: len_of(table) for table in tables},
        "notices": newest(
            "notices", "id, target, event_id, event, subject, forged, due_at, attempts, state, last_answer"
        ),
        **{table: newest(table) for table in tables if table != "notices"},
    }


def _wipe(sandbox: Sandbox, _request: Request, _body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`DELETE /sandbox/state`: back to the first start."""
    sandbox.wipe()
    return {"wiped": True}


ROUTES = [
    Route("/sandbox/scripts", _serve(_lay_script), methods=["PUT"]),
    Route("/sandbox/scripts", _serve(_clear_scripts), methods=["DELETE"]),
    Route("/sandbox/scripts/{id:int}", _serve(_remove_script), methods=["DELETE"]),
    Route("/sandbox/clock", _serve(_set_clock), methods=["PUT"]),
    Route("/sandbox/targets", _serve(_set_targets), methods=["PUT"]),
    Route("/sandbox/orders/{id}/pay", _serve(_pay), methods=["POST"]),
    Route("/sandbox/operators/{channel}", _serve(_set_channel), methods=["PUT"]),
    Route("/sandbox/operators/{channel}/deliveries", _serve(_deliveries), methods=["GET"]),
    Route("/sandbox/bills", _serve(_put_bill), methods=["PUT"]),
    Route("/sandbox/state", _serve(_state), methods=["GET"]),
    Route("/sandbox/state", _serve(_wipe), methods=["DELETE"]),
]
