"""Kinds and events."""

from __future__ import annotations

from gencharge.notifications import account_notices, alerts, autopay_notices, recharge_notices
from gencharge.notifications.kinds import NoticeChannel
from gencharge.notifications.registry import KINDS, NOTICES


def test_every_kind_has_a_name_of_its_own_and_is_in_the_inbox() -> None:
    groups = (recharge_notices.KINDS, account_notices.KINDS, autopay_notices.KINDS, alerts.KINDS)
    assert all(KINDS[kind.name] is kind for kinds in groups for kind in kinds)
    assert all(NoticeChannel.IN_APP in kind.channels for kind in KINDS.values())
    assert len(NOTICES) == len(set(NOTICES.values()))
