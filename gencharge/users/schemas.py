"""Users on the wire."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.language import Language
from gencharge.core.values.person_name import PersonName
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import KycTier, UserStatus, UserType


def visible_line(raw: str) -> str:
    """One line of text without invisible characters. For a field of a schema: raises PydanticCustomError."""
    if any(unicodedata.category(character)[0] == "C" and character not in _JOINERS for character in raw):
        raise PydanticCustomError("line", "Must be one line of visible characters")
    return unicodedata.normalize("NFC", raw)


_JOINERS: Final = frozenset("\u200c\u200d")  # Indic scripts need them
Reason = Annotated[
    str, Field(min_length=3, max_length=300, examples=["Asked for by phone"]), AfterValidator(visible_line)
]
Nickname = Annotated[
    str, Field(min_length=1, max_length=40, examples=["Mother"]), AfterValidator(visible_line)
]


class UserOut(Out):
    """A user, as they see themselves."""

    user_id: UUID
    phone_number: str = Field(examples=["+919876543210"])
    status: UserStatus
    name: str | None = Field(examples=["Asha Rao"])
    email: str | None = Field(examples=["asha@example.com"])
    email_confirmed: bool = Field(description="false: no code goes to the address yet.")
    user_type: UserType
    referral_code: str = Field(examples=["7KMQ2XWD"])
    kyc_tier: KycTier
    language: Language = Field(description="In which I read notices.")
    registered_at: datetime | None
    created_at: datetime


class ProfileUpdate(Changes):
    """What a user may change of themselves here; what is left out stays."""

    name: PersonName = Field(default_factory=left_out)
    language: Language = Field(
        default_factory=left_out, description="In which I read notices.", examples=["hi"]
    )


class SwitchType(Body):
    """How the user's own number is to be billed."""

    user_type: UserType = Field(examples=["postpaid"])


class ChangeUserStatus(Body):
    """Why."""

    reason: Reason


class ReplacePreferences(Body):
    """All eight switches."""

    email_notification: bool = Field(description="Notices by e-mail.", examples=[True])
    sms_notification: bool = Field(description="Notices by SMS.", examples=[True])
    marketing_communication: bool = Field(description="Consent: news and marketing.", examples=[False])
    recharge_reminders: bool = Field(description="A reminder before a plan ends.", examples=[True])
    promotional_offers: bool = Field(description="Consent: offers.", examples=[False])
    transactional_alerts: bool = Field(description="What happened to money and plans.", examples=[True])
    data_analytics: bool = Field(description="Consent: use of my data for analytics.", examples=[False])
    third_party_integrations: bool = Field(description="Consent: passing data on.", examples=[False])


class PreferencesOut(Out):
    """Which messages I want, and what may be done with my data."""

    email_notification: bool
    sms_notification: bool
    marketing_communication: bool
    recharge_reminders: bool
    promotional_offers: bool
    transactional_alerts: bool
    data_analytics: bool
    third_party_integrations: bool
    updated_at: datetime | None = Field(description="null: never changed; these are the defaults.")


class SaveNumber(Body):
    """A number to keep."""

    phone_number: MobileNumber
    nickname: Nickname
    operator: OperatorCode = Field(examples=["JIO"])
    circle: CircleCode | None = Field(default=None, examples=["KA"])
    service_type: UserType = Field(examples=["prepaid"])


class SavedNumberUpdate(Changes):
    """What changes about a saved number; what is left out stays. `circle: null` takes the circle away."""

    nickname: Nickname = Field(default_factory=left_out)
    operator: OperatorCode = Field(default_factory=left_out, examples=["JIO"])
    circle: CircleCode | None = Field(default=None, examples=["KA"])
    service_type: UserType = Field(default_factory=left_out)


class SavedNumberOut(Out):
    """A number that I keep."""

    located_at: ClassVar[str] = "/v1/users/me/numbers/{number_id}"

    number_id: UUID
    phone_number: str = Field(examples=["+919876543210"])
    nickname: str = Field(examples=["Mother"])
    operator: str = Field(examples=["JIO"])
    circle: str | None = Field(examples=["KA"])
    service_type: UserType
    created_at: datetime
    updated_at: datetime
