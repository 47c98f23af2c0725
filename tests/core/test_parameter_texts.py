"""A parameter that says nothing gets the words of its place and name; one that says something keeps its own."""

from __future__ import annotations

from typing import Any

from gencharge.core.http.parameter_texts import describe


def described(**parameter: Any) -> Any:
    whole = {"in": "query", "schema": {}} | parameter
    describe(whole)
    return whole.get("description")


def test_a_name_means_something_else_in_a_path_than_in_a_filter() -> None:
    assert described(name="user_id") == "Only of this customer."
    assert described(name="user_id", **{"in": "path"}) == "The customer."


def test_own_words_stay() -> None:
    assert described(name="user_id", description="Whose.") == "Whose."
    assert described(name="user_id", schema={"description": "Whose."}) is None


def test_an_unknown_name_stays_without_words() -> None:
    assert described(name="no_such_name") is None
    assert described(name="user_id", **{"in": "header"}) is None
