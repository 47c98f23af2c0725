"""What can go wrong with a number or an address."""

from __future__ import annotations

from gencharge.core.errors import Conflict, field_problem


class PhoneNumberAlreadyExists(Conflict):
    """Another account already uses this phone number."""

    def __init__(self, field: str = "body.phone_number") -> None:
        super().__init__(errors=[field_problem(field, self.title(), "phone_number_already_exists")])


class EmailAlreadyExists(Conflict):
    """Another account already uses this e-mail address."""

    def __init__(self, field: str = "body.email") -> None:
        super().__init__(errors=[field_problem(field, self.title(), "email_already_exists")])
