"""Admins: the seeded roles and staff."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminBlocked, AdminNotFound, OwnAccount, RankTooLow
from gencharge.admins.models import Admin, Role, RolePermission, SubscriptionNotices
from gencharge.admins.roles import SEEDED_NAMES
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.directory.errors import EmailAlreadyExists
from tests.make import factories
from tests.make.admins import make_role, make_staff, topics


async def test_seeding_twice_makes_five_roles_and_fifteen_admins(stores: Stores) -> None:
    for _ in range(2):
        await stores.database.run(admins.seed)
    async with stores.database.transaction() as db:
        roles = {role.role_id: role.name for role in (await db.scalars(select(Role))).all()}
        seeded = (
            await db.scalars(
                select(Admin).where(Admin.phone_number.like("+9190000000%")).order_by(Admin.phone_number)
            )
        ).all()
    names = ["ContentEditor", "Manager", "SuperAdmin", "Support", "Viewer"]
    assert sorted(name for name in roles.values() if name in SEEDED_NAMES) == names
    assert [admin.phone_number for admin in seeded] == [f"+91{9000000001 + index}" for index in range(15)]
    assert seeded[0].email == "superadmin_admin1@example.com"
    assert seeded[14].email == "viewer_admin3@example.com"
    assert [roles[admin.role_id] for admin in seeded[:6:3]] == ["SuperAdmin", "Manager"]


async def test_seeding_leaves_a_role_that_was_changed_as_it_is(stores: Stores) -> None:
    await stores.database.run(admins.seed_roles)
    async with stores.database.transaction() as db:
        role = (await db.scalars(select(Role).where(Role.name == "Support"))).one()
        await db.execute(delete(RolePermission).where(RolePermission.role_id == role.role_id))
        await admins.seed_roles(db)
        left = (await db.scalars(select(RolePermission).where(RolePermission.role_id == role.role_id))).all()
        assert not left
        await db.rollback()  # other tests want the role as it was


async def test_a_blocked_or_archived_admin_is_not_admitted(stores: Stores) -> None:
    admin = await stores.database.run(factories.make_admin)
    admitted, role = await stores.database.run(lambda db: admins.admit(db, admin.admin_id))
    assert (admitted.email, role.name) == (admin.email, "SuperAdmin")
    for status, error in [("blocked", AdminBlocked), ("archived", AdminNotFound)]:
        async with stores.database.transaction() as db:
            await db.execute(
                text("UPDATE admins SET status = :status WHERE admin_id = :id"),
                {"status": status, "id": admin.admin_id},
            )
        with pytest.raises(error):
            await stores.database.run(lambda db: admins.admit(db, admin.admin_id))
    with pytest.raises(AdminNotFound):
        await stores.database.run(lambda db: admins.admit(db, new_id()))


async def test_who_may_do_something_is_asked_by_permission_and_operator(stores: Stores) -> None:
    permission = f"Recharge:{new_id().hex[:8]}"
    role = await make_role(stores, permission)
    everywhere = await make_staff(stores, role)
    jio = await make_staff(stores, role, operator_scope=("JIO",))
    blocked = await make_staff(stores, role)
    await stores.database.run(
        lambda db: db.execute(
            text("UPDATE admins SET status = 'blocked' WHERE admin_id = :id"), {"id": blocked.admin_id}
        )
    )
    for operator, holders in (
        ("JIO", {everywhere.admin_id, jio.admin_id}),
        ("VI", {everywhere.admin_id}),
        (None, {everywhere.admin_id}),
    ):
        admin_ids = await stores.database.run(
            lambda db, operator=operator: admins.holders_of(db, permission, operator)  # type: ignore[misc]
        )
        assert set(admin_ids) == holders, operator


async def test_an_admin_changes_their_own_name_and_proves_an_address_which_frees_the_old_one(
    stores: Stores,
) -> None:
    run, admin = stores.database.run, await make_staff(stores)
    new = f"{new_id().hex}@example.com"
    renamed = await run(lambda db: admins.update_profile(db, admin.admin_id, name="Ravi K. Iyer"))
    assert renamed.name == "Ravi K. Iyer"
    await run(lambda db: admins.confirm_email(db, admin.admin_id, new))
    assert await run(lambda db: admins.email_of(db, admin.admin_id)) == new
    again = await make_staff(stores, email=admin.email)
    assert again.email == admin.email
    with pytest.raises(EmailAlreadyExists):
        await run(lambda db: admins.confirm_email(db, admin.admin_id, again.email))
    announced = await topics(stores, "admin_id", str(admin.admin_id))
    assert [(topic, set(payload["changes"])) for topic, payload in announced] == [
        ("AdminUpdated", {"name"}),
        ("AdminUpdated", {"email"}),
    ]


async def test_an_admin_chooses_the_language_of_their_notices(stores: Stores) -> None:
    admin, other = await make_staff(stores), await make_staff(stores)
    run = stores.database.run
    shown = await run(lambda db: admins.update_profile(db, admin.admin_id, language=Language.HINDI))
    assert (shown.language, shown.name) == (Language.HINDI, admin.name)
    assert await run(lambda db: admins.languages_of(db, [admin.admin_id, other.admin_id, new_id()])) == {
        admin.admin_id: Language.HINDI,
        other.admin_id: Language.ENGLISH,
    }
    announced = await topics(stores, "admin_id", str(admin.admin_id))
    assert [payload["changes"] for _, payload in announced] == [{"language": {"old": "en", "new": "hi"}}]


async def test_a_change_to_the_same_values_is_not_announced(stores: Stores) -> None:
    admin = await make_staff(stores)
    await stores.database.run(
        lambda db: admins.update_profile(db, admin.admin_id, name=admin.name, language=Language.ENGLISH)
    )
    await stores.database.run(lambda db: admins.confirm_email(db, admin.admin_id, admin.email))
    assert await topics(stores, "admin_id", str(admin.admin_id)) == []


async def test_rank_counts_for_admins_only_and_never_for_oneself(stores: Stores) -> None:
    boss, viewer = await make_staff(stores, "SuperAdmin"), await make_staff(stores, "Viewer")
    user = await stores.database.run(factories.make_user)
    run = stores.database.run
    assert await run(lambda db: admins.check_rank(db, viewer.admin_id, user.user_id)) is False
    assert await run(lambda db: admins.check_rank(db, boss.admin_id, viewer.admin_id)) is True
    with pytest.raises(RankTooLow):
        await run(lambda db: admins.check_rank(db, viewer.admin_id, boss.admin_id))
    with pytest.raises(OwnAccount):
        await run(lambda db: admins.check_rank(db, boss.admin_id, boss.admin_id))


async def test_an_admin_chooses_how_to_be_told_of_new_subscriptions(stores: Stores) -> None:
    run = stores.database.run
    admin, viewer = await make_staff(stores, "Manager"), await make_staff(stores, "ContentEditor")
    assert (await run(lambda db: admins.show(db, admin.admin_id))).subscription_notices == "digest"
    each = SubscriptionNotices.EACH
    for one in (admin, viewer):
        shown = await run(
            lambda db, one=one: admins.update_profile(db, one.admin_id, subscription_notices=each)
        )
        assert shown.subscription_notices == "each"
    chosen = dict(await run(lambda db: admins.subscribers_of(db, "Recharge:read", each)))
    assert chosen.get(admin.admin_id) == ()
    assert viewer.admin_id not in chosen, "the role does not show recharges"
    announced = await topics(stores, "admin_id", str(admin.admin_id))
    expected = {"subscription_notices": {"old": "digest", "new": "each"}}
    assert [payload["changes"] for _, payload in announced] == [expected]
