"""How each admin action is done, successfully, over HTTP: the table that the audit tests walk.

A new route of the staff needs a line here: a function in the file of its kind that prepares what the route works on and
returns its answer.
"""

from __future__ import annotations

from tests.make import (
    announcements_actions,
    autopay_actions,
    backups_actions,
    catalogue_actions,
    complaints_actions,
    contact_actions,
    content_actions,
    messages_actions,
    money_actions,
    payouts_actions,
    people_actions,
    reports_actions,
    template_actions,
    work_actions,
)
from tests.make.staff_client import ACTIONS, StaffClient

__all__ = ["ACTIONS", "StaffClient"]
# A file enters its actions when it is imported.
FILES = (
    announcements_actions,
    people_actions,
    catalogue_actions,
    complaints_actions,
    money_actions,
    payouts_actions,
    autopay_actions,
    backups_actions,
    content_actions,
    contact_actions,
    messages_actions,
    template_actions,
    reports_actions,
    work_actions,
)
