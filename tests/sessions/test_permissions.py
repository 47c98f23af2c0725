"""The names of permissions, and the sentences that say what they allow."""

from __future__ import annotations

import re

import pytest

from gencharge.sessions import permissions
from gencharge.sessions.permissions import ALL, Action, Resource, describe, permission


def test_a_permission_is_a_resource_and_an_action() -> None:
    assert permission(Resource.PLAN_GROUPS, Action.EDIT) == "PlanGroups:edit"


def test_every_resource_has_all_four_actions_and_there_are_no_others() -> None:
    assert len(ALL) == len(Resource) * len(Action) == 23 * 4
    for name in ALL:
        resource, _, action = name.partition(":")
        assert Resource(resource)
        assert Action(action)


@pytest.mark.parametrize("resource", Resource)
def test_every_permission_is_a_sentence_of_its_own(resource: Resource) -> None:
    sentences = [describe(resource, action) for action in Action]
    assert len(set(sentences)) == len(Action)
    for sentence in sentences:
        assert re.fullmatch(r"(See|Make new|Change|Delete) [a-z][a-z', ]+\.", sentence), sentence


def test_no_two_resources_are_described_alike() -> None:
    sentences = {describe(resource, Action.READ) for resource in Resource}
    assert len(sentences) == len(Resource)
    assert permissions.describe(Resource.PLANS, Action.EDIT) == "Change plans."
