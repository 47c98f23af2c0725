"""A sentence keeps its values apart, so that each language can put them where it needs them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import orjson
import pytest

from gencharge.core import wording
from gencharge.core.values.money import Money
from gencharge.core.wording import Worded, in_language, sentences, translated, worded


def test_a_sentence_is_an_ordinary_english_text() -> None:
    text = worded("Line {line} is not valid CSV: {error}.", line=7, error="x")
    assert text == "Line 7 is not valid CSV: x."
    assert orjson.loads(orjson.dumps({"message": text})) == {"message": text}
    assert str(ValueError(text)) == text


def test_it_is_said_in_hindi_with_the_same_values() -> None:
    text = worded("Line {line} is not valid CSV: {error}.", line=7, error="{line}")
    assert in_language(text, "hi") == "पंक्ति 7 मान्य CSV नहीं है: {line}।"
    assert in_language("Plan not found.", "hi") == "प्लान नहीं मिला।"


@pytest.mark.parametrize("language", ["en", "xx", "../../etc"])
def test_another_language_says_it_in_english(language: str) -> None:
    assert in_language(worded("Line {line} is not valid CSV: {error}.", line=7, error="x"), language) == (
        "Line 7 is not valid CSV: x."
    )
    assert in_language("Plan not found.", language) == "Plan not found."


def test_a_sentence_that_no_file_has_stays_english() -> None:
    assert in_language("No file has this.", "hi") == "No file has this."
    assert in_language(worded("No {x} has this.", x="file"), "hi") == "No file has this."


def test_sentences_and_lists_within_a_sentence_are_said_in_the_language_too() -> None:
    text = worded("It is {reasons}.", reasons=worded("only for {names}", names=["JIO", worded("wallet")]))
    assert text == "It is only for JIO, wallet."
    assert in_language(text, "hi") == "यह ऑफ़र ऐसा है: केवल JIO, वॉलेट के लिए।"
    both = sentences(worded("Offer not found."), worded("Plan not found."))
    assert both == "Offer not found. Plan not found."
    assert in_language(both, "hi") == "ऑफ़र नहीं मिला। प्लान नहीं मिला।"


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert worded('Send {"a": 1}') == 'Send {"a": 1}'


def test_an_exception_gives_the_whole_sentence_back() -> None:
    assert isinstance(str(ValueError(worded("Line {line}", line=1))), Worded)


def test_a_copied_sentence_can_still_be_said_in_hindi() -> None:
    text = worded("The plan costs {price} now", price="199.00")
    for again in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert in_language(again, "hi") == "प्लान की कीमत अब 199.00 है"


def test_only_sentences_of_a_document_are_translated() -> None:
    document = {"reasons": [{"code": "wallet", "message": worded("wallet")}], "price": Money(100)}
    assert translated(document, "hi") == {
        "reasons": [{"code": "wallet", "message": "वॉलेट"}],
        "price": Money(100),
    }


def test_a_file_that_holds_more_than_texts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "room" / "texts" / "xx.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[table]\na = 'b'\n")
    assert wording.files("xx", tmp_path) == [file]
    with pytest.raises(ValueError, match="table"):
        wording.read(file)


def test_a_text_that_was_stored_as_json_is_read_back_in_any_language() -> None:
    line = worded("Line {line} is not valid CSV: {error}.", line=7, error=worded("Plan not found."))
    amount = worded("At most {limits}.", limits=[Money(19_900), worded("Plan not found.")])
    text = sentences(line, amount)
    stored = orjson.loads(orjson.dumps(wording.as_stored(text)))
    back = wording.read_back(str.__str__(text), stored)
    assert back == text
    for language in ("en", "hi"):
        assert in_language(back, language) == in_language(text, language)
    assert "प्लान नहीं मिला।" in in_language(back, "hi")


def test_a_text_without_a_sentence_is_stored_as_it_is() -> None:
    assert wording.as_stored("Anything {at} all") is None
    assert wording.read_back("Anything {at} all", None) == "Anything {at} all"
    braces = worded("{at} all")
    assert wording.read_back("{at} all", wording.as_stored(braces)) == braces
