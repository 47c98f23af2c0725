"""Admins and roles, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from gencharge.admins.models import AdminStatus, SubscriptionNotices
from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.language import Language
from gencharge.core.values.person_name import Email, PersonName
from gencharge.core.values.phone import MobileNumber

RoleName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9 _-]{1,49}$",
        description="2 to 50 letters, digits, spaces, - and _; the first is a letter.",
        examples=["Support"],
    ),
]
OperatorScope = Annotated[
    list[OperatorCode],
    Field(max_length=50, description="Codes of operators; empty means all of them.", examples=[["JIO"]]),
]


Reason = Annotated[
    str,
    Field(
        max_length=500,
        description="Why, for the second admin if the change takes one.",
        examples=["Joins the refunds desk on Monday."],
    ),
]


class AdminCreate(Body):
    """A new admin."""

    name: PersonName
    email: Email
    phone_number: MobileNumber
    role: str = Field(max_length=50, description="The name of a role.", examples=["Manager"])
    operator_scope: OperatorScope = Field(default_factory=list)
    reason: Reason = ""


class AdminProfileUpdate(Changes):
    """What an admin may change of their own account here; what is left out stays."""

    name: PersonName = Field(default_factory=left_out)
    language: Language = Field(
        default_factory=left_out, description="In which I read notices.", examples=["hi"]
    )
    subscription_notices: SubscriptionNotices = Field(
        default_factory=left_out,
        description="How I am told of plans that customers bought: of each, by a digest in the morning, or not at all. "
        "For admins who may read recharges, of the operators that they may see.",
        examples=["digest"],
    )


class AdminUpdate(Changes):
    """What may be changed of another admin's account."""

    name: PersonName = Field(default_factory=left_out)
    email: Email = Field(default_factory=left_out)
    phone_number: MobileNumber = Field(default_factory=left_out)
    reason: Reason = ""


class RoleGrant(Body):
    """The role of an admin, and the operators that it is limited to."""

    role: str = Field(max_length=50, description="The name of a role.", examples=["Manager"])
    operator_scope: OperatorScope = Field(default_factory=list)
    reason: Reason = ""


class BlockAdmin(Body):
    """Why an admin is blocked."""

    reason: str = Field(min_length=3, max_length=500, examples=["Lost the company's device on a train."])


class AdminOut(Versioned):
    """An admin."""

    located_at: ClassVar[str] = "/v1/admins/{admin_id}"

    admin_id: UUID
    name: str = Field(examples=["Ravi Iyer"])
    email: str = Field(examples=["ravi@example.com"])
    phone_number: str = Field(examples=["+919876543210"])
    role: str | None = Field(description="null only for an archived admin whose role is gone.")
    operator_scope: list[str] = Field(description="Codes of operators; empty means all of them.")
    status: AdminStatus
    created_at: datetime
    updated_at: datetime


class AdminDetail(AdminOut):
    """An admin with the permissions of their role."""

    permissions: list[str] = Field(examples=[["Plans:edit", "Plans:read"]])
    language: Language = Field(description="In which the admin reads notices.")
    subscription_notices: SubscriptionNotices = Field(
        description="How the admin is told of plans that customers bought."
    )


AdminPage = Page[AdminOut]


class AdminQuery(PageParams):
    """Which admins."""

    status: AdminStatus | None = None
    role: str | None = Field(default=None, max_length=50, examples=["Manager"])
    operator: OperatorCode | None = Field(
        default=None, max_length=20, description="Only those who are limited to this operator, among others."
    )
    search: str | None = Field(
        default=None,
        min_length=2,
        max_length=100,
        description="A part of the name, e-mail address or number.",
    )
    sort: Literal["created_at", "-created_at", "name"] = "-created_at"


class RoleWrite(Body):
    """A role as it is to be: what is not in the set is not allowed."""

    name: RoleName
    description: str = Field(max_length=300, examples=["Answers customers in the evening."])
    permissions: list[Annotated[str, Field(max_length=50)]] = Field(
        max_length=500, examples=[["Users:read", "Contact:edit"]]
    )
    reason: Reason = ""


class RoleOut(Versioned):
    """A role and what it allows."""

    located_at: ClassVar[str] = "/v1/roles/{role_id}"

    role_id: UUID
    name: str = Field(examples=["Support"])
    description: str
    permissions: list[str] = Field(examples=[["Contact:edit", "Users:read"]])
    permissions_version: int = Field(description="Goes up whenever the permissions change.")
    admins: int = Field(description="How many have it, those who left not counted.")
    seeded: bool = Field(description="True for the five that every installation has.")
    created_at: datetime
    updated_at: datetime


RolePage = Page[RoleOut]


class PermissionOut(Out):
    """One thing that a role can allow."""

    permission: str = Field(examples=["Plans:edit"])
    description: str = Field(examples=["Change plans."])


class PermissionGroupOut(Out):
    """All that a role can allow with one kind of thing."""

    resource: str = Field(examples=["Plans"])
    permissions: list[PermissionOut]


PermissionGroupPage = Page[PermissionGroupOut]
