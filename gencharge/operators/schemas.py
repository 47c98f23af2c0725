"""The schemas of operators, circles and connections."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.operators.models import OperatorStatus, ServiceType

KnownBy = Literal["user", "registry", "hint"]


class MaintenanceOut(Out):
    """When an operator works on its systems. From `starts_at` until `ends_at` no recharge is accepted; show the text from now on."""

    starts_at: datetime = Field(examples=["2026-11-28T18:30:00Z"])
    ends_at: datetime = Field(examples=["2026-11-28T22:30:00Z"])
    text: str = Field(examples=["Jio works on its systems from midnight to 4 a.m. on 29 November."])
    text_hi: str = Field(examples=["जियो 29 नवंबर को रात 12 से सुबह 4 बजे तक अपने सिस्टम पर काम करेगा।"])


class OperatorOut(Out):
    """A mobile operator."""

    code: str = Field(examples=["JIO"])
    name: str = Field(examples=["Reliance Jio"])
    display_name: str = Field(examples=["Jio"])
    status: OperatorStatus = Field(description="`down`: no recharge is accepted at the moment.")
    maintenance: MaintenanceOut | None = Field(
        description="A window that is running, comes, or was the last one; null: none is set."
    )


class CircleOut(Out):
    """A telecom circle (licence service area)."""

    code: str = Field(examples=["KA"])
    name: str = Field(examples=["Karnataka"])
    category: Literal["Metro", "A", "B", "C"]


class LookupOut(Out):
    """The connection of a number; null if unknown."""

    phone_number: str = Field(examples=["+919876543210"])
    operator: str | None = Field(examples=["AIRTEL"])
    circle: str | None = Field(examples=["KA"])
    service_type: ServiceType | None
    known_by: KnownBy | None = Field(
        description="`user`: you said so; `registry`: the number-portability registry says so; `hint`: only the number's block says so."
    )


class CorrectConnection(Body):
    """A user's correction of a number."""

    operator: OperatorCode = Field(examples=["JIO"])
    circle: CircleCode | None = Field(default=None, examples=["KA"])
    service_type: ServiceType


class ConnectionOut(Out):
    """A number as its user corrected it."""

    phone_number: str = Field(examples=["+919876543210"])
    operator: str = Field(examples=["JIO"])
    circle: str | None = Field(examples=["KA"])
    service_type: ServiceType
    updated_at: datetime
