"""What was found to be wrong with a backup is stored once, and read in English or in Hindi."""

from __future__ import annotations

import orjson

from gencharge.backups import findings, manifest
from gencharge.core.values.language import Language


def test_differences_are_stored_in_english_and_read_in_hindi() -> None:
    problems = manifest.differences({"rows": {"users": 5}, "revision": "0071"}, {"rows": {}, "revision": "1"})
    document = orjson.loads(orjson.dumps(findings.stored(problems)))
    assert findings.in_words(document, Language.ENGLISH) == [
        "rows: users is missing, and was 5",
        "revision is 1, and was 0071",
    ]
    assert document["problems"] == findings.in_words(document, Language.ENGLISH)
    assert findings.in_words(document, Language.HINDI) == [
        "rows: users अब अनुपस्थित है, पहले 5 था",
        "revision अब 1 है, पहले 0071 था",
    ]


def test_what_an_earlier_version_stored_is_said_as_it_is() -> None:
    assert findings.in_words({"problems": ["a", "b"]}, Language.HINDI) == ["a", "b"]
    assert findings.in_words({}, Language.HINDI) == []


def test_a_hundred_problems_are_stored_at_most() -> None:
    stored = findings.stored(["FAIL  a wallet is overdrawn"] * 150)
    assert len(stored["problems"]) == len(stored["wordings"]) == 100
