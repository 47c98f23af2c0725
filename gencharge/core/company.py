"""Who sells: the company's name, address and GST registration, as they appear on every tax invoice.

A GSTIN has fifteen characters (CGST Rules, rule 10): the state's two digits, the ten characters of the PAN, an entity
number, the letter Z and a check character. The states' numbers are those of the GST network.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from gencharge.core.values.text import one_line

SAMPLE_NAME: Final = "GenCharge Sample Private Limited"
SAMPLE_ADDRESS: Final = "1 Sample Road, Bengaluru 560001, Karnataka"
SAMPLE_GSTIN: Final = "29AAACG0000A1ZO"
STATES: Final = MappingProxyType(
    {
        "01": "Jammu and Kashmir",
        "02": "Himachal Pradesh",
        "03": "Punjab",
        "04": "Chandigarh",
        "05": "Uttarakhand",
        "06": "Haryana",
        "07": "Delhi",
        "08": "Rajasthan",
        "09": "Uttar Pradesh",
        "10": "Bihar",
        "11": "Sikkim",
        "12": "Arunachal Pradesh",
        "13": "Nagaland",
        "14": "Manipur",
        "15": "Mizoram",
        "16": "Tripura",
        "17": "Meghalaya",
        "18": "Assam",
        "19": "West Bengal",
        "20": "Jharkhand",
        "21": "Odisha",
        "22": "Chhattisgarh",
        "23": "Madhya Pradesh",
        "24": "Gujarat",
        "26": "Dadra and Nagar Haveli and Daman and Diu",
        "27": "Maharashtra",
        "29": "Karnataka",
        "30": "Goa",
        "31": "Lakshadweep",
        "32": "Kerala",
        "33": "Tamil Nadu",
        "34": "Puducherry",
        "35": "Andaman and Nicobar Islands",
        "36": "Telangana",
        "37": "Andhra Pradesh",
        "38": "Ladakh",
    }
)
_FORM: Final = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]", re.ASCII)
_DIGITS: Final = string.digits + string.ascii_uppercase


def check_character(first_fourteen: str) -> str:
    """The fifteenth character of a GSTIN: Luhn's rule on base 36, with the factors 1 and 2 in turn."""
    total = 0
    for position, character in enumerate(first_fourteen):
        product = _DIGITS.index(character) * (1 + position % 2)
        total += product // 36 + product % 36
    return _DIGITS[-total % 36]


def is_gstin(text: str) -> bool:
    """Whether this can be a GSTIN: its form, its state, and its check character."""
    return _FORM.fullmatch(text) is not None and text[:2] in STATES and check_character(text[:14]) == text[14]


class Company(BaseModel, defer_build=True):
    """Receipts (GST tax invoices)"""

    company_name: Annotated[str, *one_line(80)] = Field(
        default=SAMPLE_NAME,
        description="The company's name as it is registered, in one line.",
        json_schema_extra={"needed_in_production": True},
    )
    company_address: Annotated[str, *one_line(200)] = Field(
        default=SAMPLE_ADDRESS,
        description="Its address as it is registered, in one line.",
        json_schema_extra={"needed_in_production": True},
    )
    company_gstin: str = Field(
        default=SAMPLE_GSTIN,
        description="Its GSTIN, whose last character checks the others.",
        json_schema_extra={"needed_in_production": True},
    )
    company_state_code: str = Field(
        default="", description="The state's two digits, the first of the GSTIN. Empty: taken from there."
    )
    # Telecommunications services: 18 % (Notification 11/2017-Central Tax (Rate), with the state's equal half).
    gst_rate_percent: int = Field(
        default=18, ge=0, le=40, description="The tax inside every price, in percent."
    )
    # A receipt's number may have 16 characters in all.
    receipt_prefix: str = Field(
        default="GC",
        pattern=r"^[A-Z0-9]{1,3}$",
        description="One to three capital letters or digits at the start of every receipt's number.",
    )

    @property
    def company_state(self) -> str:
        """The state's two digits."""
        return self.company_gstin[:2]

    @model_validator(mode="after")
    def _registered(self) -> Self:
        if not is_gstin(self.company_gstin):
            raise ValueError(
                "COMPANY_GSTIN: fifteen characters, such as 29ABCDE1234F1ZW, the last of which checks the others"
            )
        if self.company_state_code not in {"", self.company_state}:
            raise ValueError(
                f"COMPANY_STATE_CODE: {self.company_state}, as in COMPANY_GSTIN, or empty; not {self.company_state_code}"
            )
        return self

    def sample_company_problems(self) -> Iterator[str]:
        """What would print a sample company on a real invoice."""
        for name, value, sample in (
            ("COMPANY_NAME", self.company_name, SAMPLE_NAME),
            ("COMPANY_ADDRESS", self.company_address, SAMPLE_ADDRESS),
            ("COMPANY_GSTIN", self.company_gstin, SAMPLE_GSTIN),
        ):
            if value == sample:
                yield f"{name}: a sample value; invoices need your own"
