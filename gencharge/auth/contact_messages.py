"""The texts of messages about a phone number or an e-mail address that changes.

A code by SMS has the words of every other code: TRAI's DLT rules let a sender use registered templates only.
"""

from __future__ import annotations

from typing import Final

from gencharge.auth.models import ContactKind
from gencharge.core.message import Message
from gencharge.core.settings import Settings
from gencharge.core.values.email import masked_email
from gencharge.core.values.phone import masked

_NOT_YOU: Final = "If this was not you, contact support at once."


def email_code(settings: Settings, email: str, code: str) -> Message:
    """To a new address: the code that proves it."""
    return Message(
        text=(
            f"{code} is the code that adds this e-mail address to your GenCharge account. It is valid for "
            f"{settings.otp_expire_minutes:g} minutes. Never share it with anyone. If you did not ask for it, ignore this message."
        ),
        email=email,
        subject="Confirm your e-mail address",
    )


def taken_email(email: str) -> Message:
    """To the owner of an address that somebody wants for another account."""
    return Message(
        text=(
            "Someone asked to add this e-mail address to another GenCharge account. It belongs to your account, so nothing "
            "was changed. If it was you, use the account that you already have."
        ),
        email=email,
        subject="Your e-mail address on GenCharge",
    )


def number_code(settings: Settings, phone_number: str, code: str, *, email: str = "") -> Message:
    """To a number, and to its owner's address where there is one: the code that proves the number."""
    return Message(
        text=f"{code} is your GenCharge code. It is valid for {settings.otp_expire_minutes:g} minutes. Never share it with anyone.",
        phone_number=phone_number,
        email=email,
        subject="Your GenCharge code",
        template_id=settings.sms_otp_template_id,
    )


def taken_number(settings: Settings, phone_number: str) -> Message:
    """To the owner of a number that somebody wants for another account."""
    return Message(
        text=(
            "Someone asked to move another GenCharge account to this number. It belongs to your account, so nothing was "
            "changed. If it was you, use the account that you already have."
        ),
        phone_number=phone_number,
        template_id=settings.sms_notice_template_id,
    )


def email_changed(old: str, new: str) -> Message:
    """To the old address, which no longer counts."""
    return Message(
        text=f"The e-mail address of your GenCharge account was changed to {masked_email(new)}. {_NOT_YOU}",
        email=old,
        subject="Your e-mail address was changed",
    )


def number_changed_by_sms(settings: Settings, phone_number: str, new: str) -> Message:
    """To the old and to the new number."""
    return Message(
        text=f"The phone number of your GenCharge account was changed to {masked(new)}. {_NOT_YOU}",
        phone_number=phone_number,
        template_id=settings.sms_notice_template_id,
    )


def number_changed_by_email(email: str, new: str) -> Message:
    """To the address of an account whose number changed."""
    return Message(
        text=f"The phone number of your GenCharge account was changed to {masked(new)}, and every device was signed out. {_NOT_YOU}",
        email=email,
        subject="Your phone number was changed",
    )


def masked_contact(kind: ContactKind, value: str) -> str:
    """A number or an address, for the audit trail."""
    return masked(value) if kind is ContactKind.PHONE_NUMBER else masked_email(value) or ""
