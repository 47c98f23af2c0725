"""What people read when a number or an address changes."""

from __future__ import annotations

from gencharge.auth import contact_messages as messages
from gencharge.auth.models import ContactKind
from gencharge.core.settings import Settings

SETTINGS = Settings(_env_file=None, sms_otp_template_id="1107", sms_notice_template_id="1108")  # type: ignore[call-arg]
NUMBER, NEW = "+919876543210", "+919123456780"


def test_a_code_by_sms_has_the_words_of_its_registered_template() -> None:
    message = messages.number_code(SETTINGS, NUMBER, "123456")
    assert message.text == (
        "123456 is your GenCharge code. It is valid for 5 minutes. Never share it with anyone."
    )
    assert (message.phone_number, message.email, message.template_id) == (NUMBER, "", "1107")


def test_a_code_by_email_says_what_it_is_for() -> None:
    message = messages.email_code(SETTINGS, "asha@example.com", "123456")
    assert message.text.startswith("123456 is the code that adds this e-mail address")
    assert (message.email, message.phone_number) == ("asha@example.com", "")


def test_a_notice_shows_the_new_place_masked() -> None:
    changed = messages.email_changed("asha@example.com", "mira@example.com")
    assert changed.email == "asha@example.com"
    assert "m***@example.com" in changed.text
    for message in (
        messages.number_changed_by_sms(SETTINGS, NUMBER, NEW),
        messages.number_changed_by_email("asha@example.com", NEW),
    ):
        assert "+91******6780" in message.text
        assert "If this was not you" in message.text
    assert messages.number_changed_by_sms(SETTINGS, NUMBER, NEW).template_id == "1108"


def test_the_owner_of_a_taken_place_reads_that_nothing_changed_and_gets_no_code() -> None:
    for message in (messages.taken_email("asha@example.com"), messages.taken_number(SETTINGS, NUMBER)):
        assert "nothing was changed" in message.text
        assert not any(character.isdigit() for character in message.text)


def test_the_audit_trail_gets_the_masked_place() -> None:
    assert messages.masked_contact(ContactKind.EMAIL, "asha@example.com") == "a***@example.com"
    assert messages.masked_contact(ContactKind.PHONE_NUMBER, NUMBER) == "+91******3210"
