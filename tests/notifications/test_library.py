"""The texts that ship: no language lacks a kind, a channel or a variable, and a language is a folder."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest

from gencharge.core.values.language import Language
from gencharge.notifications.kinds import NoticeChannel, VariableType
from gencharge.notifications.library import FOLDER, problems, shipped
from gencharge.notifications.registry import KINDS
from gencharge.notifications.rendering import render
from gencharge.notifications.speech import LanguageInvalid


def copied(folder: Path) -> Path:
    """A copy of the texts that ship."""
    return Path(shutil.copytree(FOLDER, folder / "templates"))


def test_every_language_that_a_customer_may_choose_says_everything() -> None:
    library = shipped()
    assert set(library.languages) == set(Language)
    assert problems(library, KINDS) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", KINDS)
def test_every_notice_can_be_sent_over_every_channel_with_every_choice(name: str, language: str) -> None:
    kind, library = KINDS[name], shipped()
    choices = {
        variable: values.choices
        for variable, values in kind.variables.items()
        if values.type is VariableType.CHOICE
    }
    for codes in product(*choices.values()):
        values = kind.samples() | dict(zip(choices, codes, strict=True))
        message = render(kind, library.texts[name, language], library.speech(language), values)
        shown = [message.title, message.body]
        shown += [message.sms] if NoticeChannel.SMS in kind.channels else []
        shown += [message.push_title, message.push_body, message.email_subject, message.email_text]
        assert all(text.strip() and "{" not in text and "  " not in text for text in shown), shown
        if language == Language.HINDI:
            assert all(any("\u0900" <= letter <= "\u097f" for letter in text) for text in shown), shown


def test_a_third_language_is_a_folder(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    shutil.copytree(folder / "hi", folder / "ta")
    money = folder / "ta" / "money.toml"
    money.write_text(money.read_text("utf-8").replace("पैसे जुड़ गए", "பணம் சேர்க்கப்பட்டது"), "utf-8")
    library = shipped(folder)
    assert problems(library, KINDS) == []
    assert library.texts["topup_received", "ta"].title == "பணம் சேர்க்கப்பட்டது"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[topup_received]", "[topup_recieved]", "en: topup_received has no texts"),
        ("[topup_received]", "[topup_recieved]", "en: there is no notice topup_recieved"),
        (
            '{amount} was added to your wallet."\nsms',
            '{amunt} was"\nsms',
            "en: topup_received.body: {amunt} is",
        ),
        (
            'sms = "{amount} was added',
            'push_title = "{amount} was added',
            "en: topup_received.sms: This text",
        ),
        (
            "goodwill = ",
            "good_will = ",
            "en: adjustment_approved.phrases.reason.goodwill: This phrase is needed",
        ),
    ],
)
def test_what_is_missing_or_unknown_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    folder = copied(tmp_path)
    money = folder / "en" / "money.toml"
    assert old in money.read_text("utf-8")
    money.write_text(money.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert any(line.startswith(problem) for line in problems(shipped(folder), KINDS))


def test_a_field_that_no_notice_has_is_named_with_its_file(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "en" / "more.toml").write_text('[topup_received]\ntitle = "x"\n', "utf-8")
    with pytest.raises(LanguageInvalid, match=r"en/more.toml: topup_received is in another file, too"):
        shipped(folder)
    (folder / "en" / "more.toml").write_text('[other]\ntitel = "x"\n', "utf-8")
    with pytest.raises(LanguageInvalid, match=r"en/more.toml: other: .*titel"):
        shipped(folder)
