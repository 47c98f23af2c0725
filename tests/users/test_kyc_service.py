"""Requests for a higher KYC tier: one at a time, decided once."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.users import kyc_service as kyc
from gencharge.users.errors import KycRequestAlreadyDecided, KycRequestAlreadyPending
from gencharge.users.kyc_models import KycDocument
from gencharge.users.kyc_schemas import KycRequestOut, RequestKyc, StaffKycRequestOut
from gencharge.users.models import User
from tests.make.users import events_of


async def ask(stores: Stores, user: User) -> KycRequestOut:
    command = RequestKyc(document=KycDocument.PASSPORT)
    return await stores.database.run(lambda db: kyc.request(db, user.user_id, command))


async def decide(stores: Stores, user: User, request: KycRequestOut, *, approves: bool) -> StaffKycRequestOut:
    return await stores.database.run(
        lambda db: kyc.decide(
            db, user.user_id, request.kyc_request_id, approves=approves, by=new_id(), note="passport seen"
        )
    )


async def test_of_many_requests_at_once_one_is_kept(stores: Stores, user: User) -> None:
    ends = await asyncio.gather(*(ask(stores, user) for _ in range(6)), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 5
    assert {type(end) for end in refused} == {KycRequestAlreadyPending}
    assert len(await events_of(stores, user.user_id, "KycRequested")) == 1


async def test_of_many_decisions_at_once_one_counts(stores: Stores, user: User) -> None:
    request = await ask(stores, user)
    ends = await asyncio.gather(
        *(decide(stores, user, request, approves=turn % 2 == 0) for turn in range(6)), return_exceptions=True
    )
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 5
    assert {type(end) for end in refused} == {KycRequestAlreadyDecided}
    [event] = await events_of(stores, user.user_id, "KycRequestDecided")
    tiers = await events_of(stores, user.user_id, "UserKycTierChanged")
    assert len(tiers) == (1 if event["status"] == "approved" else 0)


async def test_who_was_rejected_may_ask_again(stores: Stores, user: User) -> None:
    first = await ask(stores, user)
    await decide(stores, user, first, approves=False)
    second = await ask(stores, user)
    with pytest.raises(Problem):
        await decide(stores, user, first, approves=True)
    assert (await decide(stores, user, second, approves=True)).status == "approved"
