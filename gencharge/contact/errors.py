"""What can go wrong with enquiries."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, field_problem


class EnquiryNotFound(NotFound):
    """Enquiry not found."""


class EnquiryAlreadyResolved(Conflict):
    """This enquiry is resolved."""


class EnquiryNotResolved(Conflict):
    """Only a resolved enquiry, or one that was taken for spam, can be opened again."""


class EnquiryReopenTimeOver(Conflict):
    """This enquiry was resolved more than 14 days ago. Send us a new one."""


class EnquiryThreadLimitExceeded(Conflict):
    """This enquiry has 100 messages and takes no more. Send us a new one."""


class EnquirySenderNotReachable(Conflict):
    """We can't write to this sender: there is no e-mail address, or no mail server is set up. Call, and add a note."""


class ContactFormInvalid(Invalid):
    """The form has expired. Load it again, and send your message once more."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.form_token", self.title(), "contact_form_invalid")])


class EnquiryAssigneeInvalid(Invalid):
    """Choose an active admin whose role allows to work on this enquiry."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.assignee_id", self.title(), "enquiry_assignee_invalid")])
