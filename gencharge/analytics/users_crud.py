"""What is counted of customers, and of those who left."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact, State
from gencharge.sessions.guards import Resource

USERS: Final = Area(
    name="users",
    title="customers",
    resource=Resource.USERS,
    main="registered",
    facts=(
        Fact(
            "registered",
            "Customers who registered, whatever became of them.",
            source="FROM users WHERE user_id IS NOT NULL AND registered_at IS NOT NULL",
            at="registered_at",
            keys={"hour": "to_char(registered_at AT TIME ZONE 'Asia/Kolkata', 'HH24')"},
        ),
    ),
    cuts={"hour": "The hour of the day in India, `00` to `23`, at which customers registered."},
    state=State(
        "Customers that there are: registered, and not archived.",
        source="FROM users WHERE user_id IS NOT NULL AND registered_at IS NOT NULL AND status <> 'archived'",
        keys={"status": "status", "user_type": "user_type", "kyc_tier": "kyc_tier", "language": "language"},
    ),
    state_cuts={
        "status": "Customers by the state of their account.",
        "user_type": "Customers by how their own number is billed.",
        "kyc_tier": "Customers by how well we know them, which decides what their wallet may hold.",
        "language": "Customers by the language that they read notices in.",
    },
)
ARCHIVE: Final = Area(
    name="users-archive",
    title="customers who left",
    resource=Resource.USERS,
    main="archived",
    facts=(
        Fact(
            "archived",
            "Customers whose account was closed for good.",
            source="FROM users WHERE user_id IS NOT NULL AND status = 'archived'",
            at="status_since",
            keys={"by": "CASE WHEN status_by = user_id THEN 'customer' ELSE 'staff' END"},
        ),
    ),
    cuts={"by": "Who closed the account: the customer, or the staff."},
    state=State(
        "Archived customers that there are.",
        source="FROM users WHERE user_id IS NOT NULL AND status = 'archived'",
        keys={"data": "CASE WHEN erased_at IS NULL THEN 'kept' ELSE 'erased' END"},
    ),
    state_cuts={"data": "Whether their personal data was erased already, or is kept for its time."},
)
