"""The e-mail leads to the file and says nothing of what is in it."""

from __future__ import annotations

from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.reports import mails


def test_the_mail_names_the_report_and_leads_to_who_signs_in() -> None:
    file_id, admin_id = new_id(), new_id()
    mail = mails.mail_of(file_id, admin_id, "transactions", 1_234, "https://api.example.in/")
    assert (mail.id, mail.recipient) == (file_id, Recipient("admin", admin_id))
    assert f"https://api.example.in/v1/reports/files/{file_id}\n" in mail.text
    assert "1,234 rows" in mail.text
    assert "signature" not in mail.text, "no link that works without signing in"
    assert "तैयार" in mail.text
