"""What can go wrong with a number or an address."""

from __future__ import annotations

from gencharge.core.errors import Conflict, field_problem


class PhoneTaken(Conflict):
    """This phone number belongs to another account."""

    def __init__(self, field: str = "body.phone_number") -> None:
        super().__init__(errors=[field_problem(field, self.title(), "phone_taken")])


class EmailTaken(Conflict):
    """This e-mail address belongs to another account."""

    def __init__(self, field: str = "body.email") -> None:
        super().__init__(errors=[field_problem(field, self.title(), "email_taken")])
