"""The pages in the browser: checkout, the result, and the index. Self-contained: no outside assets, no script."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox import gateway_payments as payments
from sandbox import gateway_wire as wire
from sandbox import html_pages, scripts
from sandbox.faults import Refusal
from sandbox.parts import Sandbox


def _rupees(paise: int) -> str:
    """1,00,000.00: grouped as in India."""
    whole, rest = divmod(paise, 100)
    head, tail = divmod(whole, 1000)
    groups = [f"{tail:03d}" if head else str(tail)]
    while head:
        head, group = divmod(head, 100)
        groups.insert(0, f"{group:02d}" if head else str(group))
    return f"{','.join(groups)}.{rest:02d}"


def _result(
    title: str,
    explanation: str,
    *,
    good: bool,
    status: int = 200,
    paid: sqlite3.Row | None = None,
    back: str = "",
    **facts: str | None,
) -> Response:
    """A page that says how it ended. `paid` is the order in question, `back` the address that the customer returns to."""
    shown = {**(_about(paid) if paid else {}), **facts}
    rows = "".join(
        f"<dt>{escape(name.replace('_', ' ').capitalize())}</dt><dd>{escape(value)}</dd>"
        for name, value in shown.items()
        if value
    )
    return html_pages.page(
        "result.html",
        status,
        title=escape(title),
        amount=f'<div class="amount">₹{_rupees(paid["amount"])}</div>' if paid else "",
        explanation=escape(explanation),
        tone="good" if good else "bad",
        facts=f"<dl>{rows}</dl>" if rows else "",
        way_back=f'<a class="pay" href="{escape(back)}">Back to GenCharge</a>' if back else "",
    )


def _about(row: sqlite3.Row) -> dict[str, str]:
    """What an order pays: its notes `description` and `phone_number`, as the shop gave them."""
    notes: Mapping[str, Any] = json.loads(row["notes"]) or {}
    about = {"for": notes.get("description"), "number": notes.get("phone_number")}
    return {name: str(value) for name, value in about.items() if value}


def _mandate(row: sqlite3.Row) -> str:
    """What is allowed by paying an order that registers a mandate."""
    if not row["mandate"]:
        return ""
    token = json.loads(row["mandate"])
    until = datetime.fromtimestamp(token["expire_at"], UTC) if "expire_at" in token else None
    ends = f" until {until.day} {until:%B %Y}" if until else ""
    return (
        f'<div class="note"><b>You approve a mandate.</b> GenCharge may charge up to ₹{_rupees(token["max_amount"])} each time'
        f"{ends}, without asking you again. You can revoke it at any time.</div>"
    )


def _unusable(callback_url: str) -> bool:
    return bool(callback_url) and urlsplit(callback_url).scheme not in {"http", "https"}


async def checkout(request: Request) -> Response:
    """`GET /checkout/{order_id}?callback_url=`."""
    sandbox: Sandbox = request.app.state.sandbox
    order_id, back = request.path_params["order_id"], request.query_params.get("callback_url", "")
    if _unusable(back):
        return _result("Bad callback_url", "It must begin with http:// or https://.", good=False, status=422)
    try:
        row = payments.order(sandbox.db, order_id)
    except Refusal:
        return _result("No such order", "The gateway knows no order with this id.", good=False, status=404)
    if row["status"] == "paid":
        return _result(
            "Paid already",
            "There is nothing left to pay.",
            good=True,
            paid=row,
            back=back or sandbox.config.shop_url,
            order=order_id,
        )
    about = _about(row)
    return html_pages.page(
        "checkout.html",
        amount=_rupees(row["amount"]),
        paid_for=escape(about.get("for") or row["receipt"] or "no receipt number"),
        mandate=_mandate(row),
        number=f"<p>{escape(about['number'])}</p>" if "number" in about else "",
        receipt=escape(row["receipt"] or "-"),
        order_id=escape(order_id),
        state=escape(row["status"]),
        callback_url=escape(back),
    )


async def pay(request: Request) -> Response:
    """`POST /checkout/{order_id}`: a button was pressed. Back to the shop, with what the real checkout hands over."""
    sandbox: Sandbox = request.app.state.sandbox
    form = {
        name: values[-1] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()
    }
    order_id, back = request.path_params["order_id"], form.get("callback_url", "")
    method, outcome = form.get("method", "upi"), form.get("outcome", "succeed")
    if _unusable(back) or method not in wire.METHODS or outcome not in payments.OUTCOMES:
        return _result("Not understood", "This form isn't the checkout's.", good=False, status=422)
    try:
        row = payments.pay(sandbox, order_id, method=method, outcome=outcome)
    except Refusal as refusal:
        return _result("Refused", refusal.body["error"]["description"], good=False, status=refusal.status)
    sandbox.courier.wake()
    handed = payments.handed_back(sandbox, row)
    if back:
        joint = "&" if urlsplit(back).query else "?"
        return RedirectResponse(f"{back}{joint}{urlencode(handed)}", 303)
    good = "razorpay_signature" in handed
    title = "Paid" if good else handed["error[reason]"].replace("_", " ").capitalize()
    explanation = "The order is paid." if good else handed["error[description]"]
    return _result(
        title,
        explanation,
        good=good,
        paid=payments.order(sandbox.db, order_id),
        back=sandbox.config.shop_url,
        order=order_id,
        payment=row["id"],
    )


async def index(request: Request) -> Response:
    """`GET /`: what this is, and what can go wrong."""
    sandbox: Sandbox = request.app.state.sandbox

    def count(question: str) -> int:
        return int(sandbox.db.execute(f"SELECT count(*) AS n FROM {question}").fetchone()["n"])  # noqa: S608 - below

    tiles = {
        "orders": count("orders"),
        "payments captured": count("payments WHERE captured"),
        "refunds": count("refunds"),
        "recharges delivered": count("delivered"),
        "notices waiting": count("notices WHERE state = 'queued'"),
        "scripts laid": count("scripts WHERE remaining IS NOT 0"),
    }
    targets: dict[str, Any] = sandbox.courier.targets
    return html_pages.page(
        "index.html",
        tiles="".join(
            f'<div class="card tile"><b>{n}</b><span>{name}</span></div>' for name, n in tiles.items()
        ),
        webhook_url=escape(targets["webhook_url"]),
        callback_url=escape(targets["callback_url"]),
        base=escape(str(request.base_url).rstrip("/")),
        scripts="".join(_script_row(kind) for kind in scripts.KINDS.values()),
        gateway_operations=_operation_rows(scripts.GATEWAY_OPERATIONS),
        channel_operations=_operation_rows(scripts.CHANNEL_OPERATIONS),
    )


def _script_row(kind: scripts.Kind) -> str:
    ending = "" if kind.ending is None else f".{kind.ending:02d}"
    cells = (ending, f"<code>{kind.name}</code>", escape(kind.meaning), kind.family.value)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _operation_rows(operations: Mapping[str, frozenset[scripts.Family]]) -> str:
    return "".join(
        f"<tr><td><code>{name}</code></td><td>{', '.join(sorted(family.value for family in families))}</td></tr>"
        for name, families in operations.items()
    )


async def icon(_request: Request) -> Response:
    """`GET /favicon.ico`."""
    return html_pages.icon()


ROUTES = [
    Route("/", index, methods=["GET"]),
    Route("/favicon.ico", icon, methods=["GET"]),
    Route("/checkout/{order_id}", checkout, methods=["GET"]),
    Route("/checkout/{order_id}", pay, methods=["POST"]),
]
