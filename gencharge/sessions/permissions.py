"""What an admin's role may allow: `Resource:action`, such as `Plans:edit`. Anything that is not granted is denied."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Resource(StrEnum):
    """What a permission is about."""

    USERS = "Users"  # customers, their status and their data
    ADMINS = "Admins"  # the staff and who has which role
    ROLES = "Roles"  # roles and what they allow
    PLAN_GROUPS = "PlanGroups"  # the groups that plans are shown in
    PLANS = "Plans"  # what is sold
    OFFER_TYPES = "OfferTypes"  # kinds of offers
    OFFERS = "Offers"  # discounts and cashbacks
    RECHARGE = "Recharge"  # recharges of all customers
    WALLET = "Wallet"  # balances, transfers, corrections
    PAYMENTS = "Payments"  # gateway orders and refunds
    AUTOPAY = "Autopay"  # mandates and their runs
    REFERRALS = "Referrals"  # who referred whom, and the rewards
    NOTIFICATIONS = "Notifications"  # notices and templates
    ANNOUNCEMENTS = "Announcements"  # notices to many at once
    CONTENT = "Content"  # pages, questions and answers
    CONTACT = "Contact"  # messages from visitors
    BACKUPS = "Backups"  # making and restoring backups
    REPORTS = "Reports"  # exports
    ANALYTICS = "Analytics"  # figures
    AUDIT_LOGS = "AuditLogs"  # who did what
    SESSIONS = "Sessions"  # who is signed in where
    OPERATORS = "Operators"  # telecom operators and circles
    PERSONAL_DATA = "PersonalData"  # whole phone numbers and e-mail addresses, which are masked without it


class Action(StrEnum):
    """What a permission allows to do with it."""

    READ = "read"  # see it
    WRITE = "write"  # add to it
    EDIT = "edit"  # change what is there
    DELETE = "delete"  # remove it


_ABOUT: Final = {
    Resource.USERS: "customers' accounts",
    Resource.ADMINS: "staff accounts and the roles that they have",
    Resource.ROLES: "roles and what they allow",
    Resource.PLAN_GROUPS: "plan groups",
    Resource.PLANS: "plans",
    Resource.OFFER_TYPES: "offer types",
    Resource.OFFERS: "offers",
    Resource.RECHARGE: "customers' recharges",
    Resource.WALLET: "balances, transactions and corrections",
    Resource.PAYMENTS: "gateway orders and refunds",
    Resource.AUTOPAY: "autopay mandates and their runs",
    Resource.REFERRALS: "referrals and their rewards",
    Resource.NOTIFICATIONS: "notices and their templates",
    Resource.ANNOUNCEMENTS: "announcements",
    Resource.CONTENT: "pages, questions and answers",
    Resource.CONTACT: "messages from visitors",
    Resource.BACKUPS: "backups",
    Resource.REPORTS: "reports",
    Resource.ANALYTICS: "figures",
    Resource.AUDIT_LOGS: "entries of the audit trail",
    Resource.SESSIONS: "sessions of customers and staff",
    Resource.OPERATORS: "operators and circles",
    Resource.PERSONAL_DATA: "whole phone numbers and addresses of people",
}
_VERBS: Final = {
    Action.READ: "See",
    Action.WRITE: "Make new",
    Action.EDIT: "Change",
    Action.DELETE: "Delete",
}


def describe(resource: Resource, action: Action) -> str:
    """A permission as a sentence: `Change plans.`"""
    return f"{_VERBS[action]} {_ABOUT[resource]}."


def permission(resource: Resource, action: Action) -> str:
    """The name of a permission: `Plans:edit`."""
    return f"{resource.value}:{action.value}"


ALL: Final = frozenset(permission(resource, action) for resource in Resource for action in Action)
