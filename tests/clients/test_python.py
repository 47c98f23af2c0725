"""clients/python against running servers: its example program, both clients, paging, money, tokens and refusals."""

from __future__ import annotations

import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from gencharge_client import ApiError, AsyncGenCharge, GenCharge
from gencharge_client.calls import Call
from gencharge_client.models import Quote, Subscribe, TopUp, UserOut

from tests.clients.conftest import endpoint_of
from tests.faults.site import Site

EXAMPLE = Path(__file__).parents[2] / "clients" / "python" / "examples" / "recharge.py"
CODE = "111111"


def phone(number: int) -> str:
    return f"+9190000{1000 + number:05d}"


def signed_in(site: Site, number: int) -> GenCharge:
    client = GenCharge(site.url)
    sent = client.send_code(phone(number))
    client.sign_in(phone(number), CODE, sent.challenge_id)
    return client


def test_the_example_recharges_and_gets_the_message(site: Site) -> None:
    endpoint = endpoint_of(site)
    done = subprocess.run(
        [
            *(sys.executable, str(EXAMPLE), "--api", site.url, "--phone", phone(1), "--code", CODE),
            *("--port", str(endpoint.port), "--secret", endpoint.secret),
        ],
        env=site.inherited | {"PYTHONPATH": str(EXAMPLE.parents[1]), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recharge.delivered" in done.stdout


def test_the_same_key_recharges_once_and_money_is_exact(site: Site) -> None:
    with signed_in(site, 2) as client:
        operator = client.look_up(phone(2)).operator
        plan = next(client.plans(operator=operator, category="unlimited", sort="price"))
        assert isinstance(plan.price, Decimal)
        before = client.wallet().balance
        quote = client.quote(Quote(phone_number=phone(2), plan_id=plan.plan_id))
        command = Subscribe(
            phone_number=phone(2),
            plan_id=plan.plan_id,
            payment_method="wallet",
            expected_price=quote.payable,
        )
        first = client.recharge(command, idempotency_key="till-7-1042")
        again = client.recharge(command, idempotency_key="till-7-1042")
        assert first.recharge_id == again.recharge_id
        assert client.wallet().balance == before - quote.payable
        assert client.recharge_by_id(first.recharge_id).recharge_id == first.recharge_id
        assert first.recharge_id in {one.recharge_id for one in client.recharges(limit=5)}
        assert client.timeline(first.recharge_id)
        assert client.send(Call("GET", "/v1/users/me", UserOut)).phone_number == phone(2)


def test_a_list_is_read_page_by_page_without_a_row_twice(site: Site) -> None:
    with GenCharge(site.url) as client:
        plans = [plan.plan_id for plan in client.plans(limit=7)]
    whole = httpx.get(f"{site.url}/v1/plans?limit=100&include_total=true", trust_env=False).json()
    assert len(plans) == len(set(plans)) == whole["total"] > 14


@pytest.mark.parametrize("amount", [Decimal("19.99"), Decimal("253.39"), Decimal("0.1") + Decimal("99.9")])
def test_an_amount_arrives_as_it_was_sent(site: Site, amount: Decimal) -> None:
    with signed_in(site, 4) as client:
        assert client.top_up(TopUp(amount=amount, payment_method="upi")).amount == amount


def test_an_amount_that_no_number_holds_is_not_sent(site: Site) -> None:
    with GenCharge(site.url, access_token="none") as client, pytest.raises(ValueError, match="more digits"):
        client.top_up(TopUp(amount=Decimal("100.00000000000000000001"), payment_method="upi"))


def test_a_refusal_says_why_and_which_field(site: Site) -> None:
    with signed_in(site, 5) as client:
        with pytest.raises(ApiError) as refused:
            client.quote(Quote(phone_number="12", plan_id="0198c0de-0000-7000-8000-000000000000"))
        assert (refused.value.status, refused.value.code) == (422, "validation_failed")
        assert "body.phone_number" in refused.value.fields
        assert refused.value.request_id
        with pytest.raises(ApiError) as missing:
            client.plan("0198c0de-0000-7000-8000-000000000000")
        assert missing.value.code == "plan_not_found"


def test_an_expired_token_is_renewed_once_by_many_threads(site: Site) -> None:
    with signed_in(site, 6) as client:
        first = client.session.refresh_token
        client.session.access_token = "expired.by.now"
        balances: list[Decimal] = []
        threads = [
            threading.Thread(target=lambda: balances.append(client.wallet().balance)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(balances) == 8
        assert client.session.refresh_token != first
        # A second renewal with the same token would have ended the session.
        assert client.wallet().balance == balances[0]
        client.sign_out()
        assert client.session.refresh_token is None


async def test_the_asynchronous_client_does_the_same(site: Site) -> None:
    async with AsyncGenCharge(site.url) as client:
        sent = await client.send_code(phone(7))
        await client.sign_in(phone(7), CODE, sent.challenge_id)
        plans = [plan async for plan in client.plans(operator="JIO", limit=4)]
        assert len(plans) > 4
        before = (await client.wallet()).balance
        client.session.access_token = "expired.by.now"
        assert (await client.wallet()).balance == before
        with pytest.raises(ApiError) as refused:
            await client.plan("0198c0de-0000-7000-8000-000000000000")
        assert refused.value.status == 404
        amounts = [one.amount async for one in client.transactions(limit=1)]
        assert amounts
        assert all(isinstance(amount, Decimal) for amount in amounts)
        await client.sign_out()
