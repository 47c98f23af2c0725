"""Errors: a class name is a code on the wire and its docstring a message, so both are settled once for all rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import pytest

from gencharge.core.errors import Problem
from tests.law.house import File, House, house

# One suffix for one meaning, and what to write in place of its synonyms.
INSTEAD_OF = {
    "Unknown": "NotFound (404), or Invalid if the request names it in a field (422)",
    "Missing": "Required (the request lacks it), or NotFound (404)",
    "Exists": "AlreadyExists",
    "Taken": "AlreadyExists",
    "Duplicate": "AlreadyExists",
    "Meanwhile": "Changed",
    "Modified": "Changed",
    "Stale": "Changed",
    "Wrong": "Invalid",
    "Bad": "Invalid",
    "Unreadable": "Invalid",
    "Malformed": "Invalid",
    "Refused": "Invalid (the content), or NotAllowed (the state)",
    "Impossible": "NotAllowed, or Not<State> such as PaymentNotCaptured",
    "Gone": "Already<State> such as AdminAlreadyArchived",
    "TooMuch": "TooLarge",
    "TooBig": "TooLarge",
    "OverLimit": "LimitExceeded",
    "LimitReached": "LimitExceeded",
    "Full": "LimitExceeded",
    "Away": "Unavailable",
    "Silent": "Timeout",
    "Error": "what is wrong, without `Error`",
}
# The disk is full: nothing of the request's exceeded a limit.
MEANT = frozenset({"StorageFull", "InternalError"})
MAX_MESSAGE = 160
# What a reader stumbles over, and what a bank's app says.
PHRASES = {
    "meanwhile": "Someone else changed ...",
    "there is no such": "Plan not found.",
    "is not one": "This is not a valid ...",
    "be had": "... is not available",
    "at the moment": "right now, or temporarily unavailable",
    "among yours": "nothing: what is not the caller's is not found",
}


@dataclass(frozen=True)
class Error:
    """A class below Problem: where it stands, the classes above it, and its docstring."""

    file: File
    node: ast.ClassDef
    bases: tuple[str, ...]

    @property
    def name(self) -> str:
        """The class's name."""
        return self.node.name

    @property
    def where(self) -> str:
        """Its place, for a message."""
        return f"{self.file.path}:{self.node.lineno}: {self.name}"

    @property
    def is_code(self) -> bool:
        """False for a base that no client ever sees, such as `_WrongToken`."""
        return not self.name.startswith("_")

    @property
    def message(self) -> str:
        """What a client reads: the docstring."""
        return ast.get_docstring(self.node) or ""


@lru_cache(maxsize=4)
def errors(of: House) -> list[Error]:
    """All classes below Problem, wherever they are written. Remembered for a house, because each rule asks."""
    classes = [
        (file, node, bases)
        for file in of
        if file.path.startswith("gencharge/")
        for node, bases in _classes(file)
    ]
    above: dict[str, set[str]] = {"Problem": set()}
    tree: dict[tuple[str, int], Error] = {}
    while True:
        new = [
            (file, node, bases)
            for file, node, bases in classes
            if (file.path, node.lineno) not in tree and any(base in above for base in bases)
        ]
        if not new:
            return list(tree.values())
        for file, node, bases in new:
            names = {base for base in bases if base in above}
            names |= {name for base in names for name in above[base]}
            above.setdefault(node.name, set()).update(names)
            tree[file.path, node.lineno] = Error(file, node, tuple(sorted(names)))


@cache
def _classes(file: File) -> list[tuple[ast.ClassDef, list[str]]]:
    """The classes of a file, and what they derive from."""
    return [
        (node, [base for base in map(_name, node.bases) if base])
        for node in file.tree.body
        if isinstance(node, ast.ClassDef)
    ]


def _name(base: ast.expr) -> str | None:
    return base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else None


def unique(of: House) -> Iterator[str]:
    """A code has one class: a client that reads `plan_not_found` gets one message for it."""
    first: dict[str, Error] = {}
    for error in errors(of):
        other = first.setdefault(error.name, error)
        if other is not error:
            yield (
                f"{error.where}: {other.file.path} has an error of this name, so two errors share a code; import "
                "that one, or name what differs"
            )


def suffixes(of: House) -> Iterator[str]:
    """One suffix for one meaning, so that a client can guess a code before it reads the list."""
    for error in errors(of):
        for suffix, instead in INSTEAD_OF.items():
            if error.is_code and error.name not in MEANT and _ends_with(error.name, suffix):
                yield f"{error.where}: codes don't end in {suffix}; write {instead}"


def _ends_with(name: str, suffix: str) -> bool:
    """`PlanExists` ends in the word `Exists`; `PlanAlreadyExists` in the suffix that is right."""
    return name.endswith(suffix) and not (suffix == "Exists" and name.endswith("AlreadyExists"))


def not_found(of: House) -> Iterator[str]:
    """A 404 is a NotFound by name, and nothing else is."""
    for error in errors(of):
        is_404 = "NotFound" in (*error.bases, error.name)
        if error.is_code and is_404 != error.name.endswith("NotFound"):
            right = (
                "a 404 ends in NotFound" if is_404 else "what ends in NotFound has the parent NotFound (404)"
            )
            yield f"{error.where}: {right}; rename it, or give it another parent"


def messages(of: House) -> Iterator[str]:
    """A message is one short line that ends like a sentence and reads like one of a good bank's app."""
    for error in errors(of):
        text = error.message
        if not text:
            yield f"{error.where}: it has no docstring; write the message that the client is to read"
        elif "\n" in text or len(text) > MAX_MESSAGE or not text.endswith(".") or not text[0].isupper():
            yield (
                f"{error.where}: the docstring is the message; write one line of at most {MAX_MESSAGE} characters "
                "that begins with a capital, ends with a full stop, and says what is wrong and what to do"
            )
        for phrase, better in PHRASES.items():
            if phrase in text.lower():
                yield f"{error.where}: {phrase!r} is not how a bank's app speaks; write such as: {better}"


RULES = (unique, suffixes, not_found, messages)


@pytest.mark.parametrize("rule", RULES)
def test_every_error_keeps_the_law(rule) -> None:  # type: ignore[no-untyped-def]
    assert list(rule(house())) == []


def test_the_law_sees_every_error_that_there_is() -> None:
    def below(kind: type[Problem]) -> Iterator[type[Problem]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    loaded = {kind.__name__ for kind in below(Problem) if kind.__module__.startswith("gencharge.")}
    seen = {error.name for error in errors(house())}
    assert len(seen) > 150
    assert loaded <= seen


def _planted(name: str, parent: str, message: str = "Something is wrong.") -> str:
    return f'from gencharge.core.errors import *\n\nclass {name}({parent}):\n    """{message}"""\n'


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (_planted("PlanNotFound", "NotFound"), "gencharge/plans/errors.py has an error of this name"),
        (_planted("BeneficiaryUnknown", "NotFound"), "write NotFound"),
        (_planted("BeneficiaryExists", "Conflict"), "write AlreadyExists"),
        (_planted("BeneficiaryTaken", "Conflict"), "write AlreadyExists"),
        (_planted("BeneficiaryChangedMeanwhile", "Conflict"), "write Changed"),
        (_planted("AmountTooMuch", "Invalid"), "write TooLarge"),
        (_planted("ExportFull", "_Base") + _planted("_Base", "Conflict"), "write LimitExceeded"),
        (_planted("BeneficiaryHidden", "NotFound"), "a 404 ends in NotFound"),
        (_planted("BeneficiaryNotFound", "Conflict"), "has the parent NotFound"),
        (_planted("BeneficiaryBlocked", "Conflict", "no full stop"), "write one line"),
        (_planted("BeneficiaryBlocked", "Conflict", "Long " * 40 + "."), "write one line"),
        (
            _planted("BeneficiaryBlocked", "Conflict", "It changed meanwhile."),
            "is not how a bank's app speaks",
        ),
        ("from gencharge.core.errors import *\n\nclass Mute(Conflict):\n    pass\n", "it has no docstring"),
    ],
)
def test_each_rule_catches_what_breaks_it(source: str, reason: str) -> None:
    broken = house().with_file("gencharge/wallet/beneficiary_errors.py", source)
    assert any(reason in breach for rule in RULES for breach in rule(broken))
    assert not any(reason in breach for rule in RULES for breach in rule(house()))


def test_the_right_words_pass() -> None:
    right = "\n".join(
        _planted(name, parent)
        for name, parent in {
            "BeneficiaryNotFound": "NotFound",
            "BeneficiaryAlreadyExists": "Conflict",
            "BeneficiaryChanged": "Conflict",
            "BeneficiaryInvalid": "Invalid",
            "BeneficiaryLimitExceeded": "Conflict",
        }.items()
    )
    fine = house().with_file("gencharge/wallet/beneficiary_errors.py", right)
    assert [breach for rule in RULES for breach in rule(fine)] == []
