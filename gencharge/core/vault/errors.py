"""What can go wrong with encrypted data."""

from __future__ import annotations

from gencharge.core.errors import Problem, Unavailable


class DataKeyLost(Unavailable):
    """Some of the stored data can't be read, because its key is missing. We are looking into it."""

    retry_after_seconds = 60


class DataKeyNotUsable(Unavailable):
    """The stored data can't be read, because DATA_KEY is another one than it was protected with."""

    retry_after_seconds = 60


class StoredDataChanged(Problem):
    """Some of the stored data was changed outside of this service, so we don't use it."""
