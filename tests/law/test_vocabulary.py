"""Words: a name is a noun of the trade, and comments, docstrings and pages are plain English."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import pytest

from tests.law.house import PACKAGES, ROOT, house, walk

# A participle or a pronoun says nothing about the value that it names.
NAMES = {
    "asking": "the noun: client, request, probe",
    "but": "overrides, options or fields",
    "desk": "context, client or staff",
    "found": "the noun: rows, result, match, problems",
    "given": "the noun: raw, credentials, urls",
    "keeper": "the noun: loop, role, owner",
    "kept": "the noun: stored, saved, rows",
    "least": "minimum",
    "made": "created, or the noun",
    "me": "customer, admin, principal or own_headers",
    "mine": "own, or the noun",
    "most": "maximum or limit",
    "said": "the noun: lines, reply, events",
    "told": "the noun: report, notices, alerts",
    "wanted": "command, query or expected",
}
PHRASES = {
    r"\banew\b": "again",
    r"\bbe had\b": "is not possible, is not available",
    r"\bcomes? second\b": "loses, is refused",
    r"\bgiven? up\b": "cancelled, abandoned, parked",
    r"\bmeanwhile\b": "at the same time, or who did what when",
    r"\bof ours\b": "our, or whose it is",
    r"\breckon": "compute, count",
    r"\bwhat came of\b": "the result, the outcome",
    r"\bwhoever\b": "the subject: a caller, a process, every change of ...",
}
# Most files hold none of these words anywhere, and need not be parsed.
_ANY_NAME = re.compile(rf"(?<![^\W_])({'|'.join(NAMES)})(?![^\W_])", re.IGNORECASE)
_ANY_PHRASE = re.compile("|".join(PHRASES), re.IGNORECASE)
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")


@lru_cache(maxsize=1)
def _nodes(path: str, source: str) -> Sequence[ast.AST]:
    """All that is in a file. Both rules look through it, one after the other; other rules may have before."""
    file = house().files.get(path)
    return file.nodes if file is not None and file.source == source else walk(ast.parse(source))


def bound_names(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each variable, parameter, attribute, function and class that a file defines."""
    for node in _nodes(path, source):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.end_lineno or node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def empty_names(path: str, source: str) -> Iterator[str]:
    """Names that say nothing about their value."""
    if not _ANY_NAME.search(source):
        return
    for line, name in bound_names(path, source):
        advice = NAMES.get(name.strip("_").lower())
        if advice:
            yield f"{path}:{line}: {name}: name the value for what it is ({advice})"


def prose_of(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment and docstring of Python and SQL, and of each line of a page."""
    if not path.endswith(".py"):
        for line, text in enumerate(source.splitlines(), 1):
            if path.endswith(".md") or "--" in text:
                yield line, text if path.endswith(".md") else text.partition("--")[2]
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in _nodes(path, source):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def invented_phrases(path: str, source: str) -> Iterator[str]:
    """Phrases that no engineer uses for what they mean."""
    if not _ANY_PHRASE.search(source):
        return
    for line, text in prose_of(path, source):
        for phrase, advice in PHRASES.items():
            if match := re.search(phrase, text, re.IGNORECASE):
                yield f"{path}:{line}: {match[0]!r}: say it in plain English ({advice})"


def _files(*endings: str) -> Iterator[tuple[str, str]]:
    folders = (*PACKAGES, "tests", "docs")
    paths = [path for folder in folders for ending in endings for path in (ROOT / folder).rglob(f"*{ending}")]
    paths += [ROOT / page for page in PAGES if page.endswith(endings)]
    for path in sorted(paths):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


@cache
def _breaches() -> tuple[list[str], list[str]]:
    """What breaks the rule of names, and what breaks the rule of prose."""
    names, phrases = list[str](), list[str]()
    for path, source in _files(".py", ".sql", ".md"):
        if path.endswith(".py"):
            names += empty_names(path, source)
        phrases += invented_phrases(path, source)
    return names, phrases


def test_a_name_says_what_its_value_is() -> None:
    names, _ = _breaches()
    assert names == []


def test_comments_docstrings_and_pages_are_plain_english() -> None:
    _, phrases = _breaches()
    assert phrases == []


@pytest.mark.parametrize(
    "source",
    [
        "found = 1",
        "for told, row in rows: pass",
        "def look(*, wanted): pass",
        "def build(**but): pass",
        "_kept: list[int] = []",
        "MINE = 1",
        "class Desk: pass",
        "async def me(): pass",
        "self.most = 1",
        "import json as given",
        "if (said := 1): pass",
        "try: pass\nexcept OSError as made: pass",
    ],
)
def test_a_name_that_says_nothing_is_caught(source: str) -> None:
    assert len(list(empty_names("gencharge/plans/service.py", source))) == 1


def test_names_of_others_and_longer_names_pass() -> None:
    source = (
        "from hypothesis import given\n@given(1)\ndef most_used(found_at): return {'found': found_at.mine}"
    )
    assert list(empty_names("tests/plans/test_rules.py", source)) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("gencharge/plans/service.py", '"""The plan changed meanwhile."""'),
        ("gencharge/plans/service.py", "x = 1  # whoever asks"),
        ("gencharge/plans/service.py", 'class Plan:\n    """A row of ours."""'),
        ("gencharge/plans/sql/add_plan.sql", "SELECT 1; -- is given up later"),
        ("docs/SANDBOX.md", "The answer says what came of it."),
    ],
)
def test_an_invented_phrase_is_caught(path: str, source: str) -> None:
    assert len(list(invented_phrases(path, source))) == 1


def test_a_text_in_the_code_is_no_comment() -> None:
    assert list(invented_phrases("gencharge/plans/service.py", 'PHRASE = "meanwhile"')) == []
