"""A reader is known by their account, their number and their campaigns; a stranger is no reader."""

from __future__ import annotations

from gencharge.announcements import readers_service
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.operators import service as operators
from gencharge.users.models import User
from tests.make.staff_client import StaffClient


async def test_what_the_customer_says_of_the_number_counts_before_its_block(
    staff: StaffClient, customer: User, stores: Stores
) -> None:
    owner, admin = Recipient("user", customer.user_id), Recipient("admin", staff.admin.admin_id)
    asked = [owner, admin, Recipient("user", new_id()), Recipient("admin", new_id())]
    before = await stores.database.run(lambda db: readers_service.readers_of(db, asked))
    assert set(before) == {owner, admin}
    assert before[owner].operator == operators.hint(customer.phone_number)
    assert (before[owner].circle, before[owner].user_type) == (None, "prepaid")
    assert before[admin].keys == {"admins"}
    await stores.database.run(
        lambda db: operators.remember(db, customer.phone_number, customer.user_id, "JIO", "MH", "prepaid")
    )
    after = await stores.database.run(lambda db: readers_service.readers_of(db, [owner]))
    assert (after[owner].operator, after[owner].circle) == ("JIO", "MH")
