"""Which of a customer's switches stops what. `docs/explanation/notices.md` shows the table, and a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.kinds import Kind, NoticeChannel

# What has to be on for a notice of a type to go out over a channel: all of these. `data_analytics` and `third_party_integrations`
# are about the use of data, and stop no notice.
SWITCHES: Final[Mapping[tuple[NotificationType, NoticeChannel], tuple[str, ...]]] = {
    # The inbox is the record of what happened to the account, so it is always complete.
    (NotificationType.TRANSACTIONAL, NoticeChannel.IN_APP): (),
    (NotificationType.TRANSACTIONAL, NoticeChannel.SMS): ("transactional_alerts", "sms_notification"),
    (NotificationType.TRANSACTIONAL, NoticeChannel.EMAIL): ("transactional_alerts", "email_notification"),
    (NotificationType.TRANSACTIONAL, NoticeChannel.PUSH): ("transactional_alerts",),
    (NotificationType.REMINDER, NoticeChannel.IN_APP): ("recharge_reminders",),
    (NotificationType.REMINDER, NoticeChannel.SMS): ("recharge_reminders", "sms_notification"),
    (NotificationType.REMINDER, NoticeChannel.EMAIL): ("recharge_reminders", "email_notification"),
    (NotificationType.REMINDER, NoticeChannel.PUSH): ("recharge_reminders",),
    # News of the service is read in the app by everybody; nobody is disturbed with it without consent.
    (NotificationType.ANNOUNCEMENT, NoticeChannel.IN_APP): (),
    (NotificationType.ANNOUNCEMENT, NoticeChannel.SMS): ("marketing_communication", "sms_notification"),
    (NotificationType.ANNOUNCEMENT, NoticeChannel.EMAIL): ("marketing_communication", "email_notification"),
    (NotificationType.ANNOUNCEMENT, NoticeChannel.PUSH): ("marketing_communication",),
    (NotificationType.PROMOTIONAL, NoticeChannel.IN_APP): ("promotional_offers",),
    (NotificationType.PROMOTIONAL, NoticeChannel.SMS): ("promotional_offers", "sms_notification"),
    (NotificationType.PROMOTIONAL, NoticeChannel.EMAIL): ("promotional_offers", "email_notification"),
    (NotificationType.PROMOTIONAL, NoticeChannel.PUSH): ("promotional_offers",),
}


def allows(preferences: Mapping[str, bool], type: NotificationType, channel: NoticeChannel) -> bool:
    """Whether a customer with these preferences gets notices of this type over this channel."""
    return all(preferences[switch] for switch in SWITCHES[type, channel])


def channels_of(kind: Kind, preferences: Mapping[str, bool] | None) -> frozenset[NoticeChannel]:
    """The channels over which a notice goes out. `preferences` is None for the staff, who have none: they read alerts in
    their inbox. A mandatory notice goes out over all channels of its kind, whatever the preferences."""
    if kind.is_mandatory:
        return kind.channels
    if preferences is None:
        return kind.channels & {NoticeChannel.IN_APP}
    return frozenset(channel for channel in kind.channels if allows(preferences, kind.type, channel))


def table() -> str:
    """The table as the page shows it: a row for each type, a column for each channel."""
    lines = [
        "| type | in the app | SMS | e-mail | push |",
        "|---|---|---|---|---|",
        "| security, and what a rule asks for | always | always | always | always |",
    ]
    for type in NotificationType:
        cells = (
            " and ".join(f"`{name}`" for name in SWITCHES[type, channel]) or "always"
            for channel in NoticeChannel
        )
        lines.append(f"| {type.value} | {' | '.join(cells)} |")
    return "\n".join(lines)
