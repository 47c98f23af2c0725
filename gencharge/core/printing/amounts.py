"""Amounts as people in India write them."""

from __future__ import annotations


def grouped(amount: str) -> str:
    """`-1,23,456.00` for `-123456.00`: the Indian grouping."""
    sign = "-" if amount.startswith("-") else ""
    rupees, _, paise = amount.removeprefix("-").partition(".")
    head, tail = rupees[:-3], rupees[-3:]
    groups: list[str] = []
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return f"{sign}{','.join([*groups, tail])}.{paise}"
