"""The keys of the archive follow from the key of the backups, and the public one gives nothing of it away."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gencharge.backups import wal_keys

KEY = bytes(range(32))


def test_the_pair_is_the_same_each_time_and_another_one_for_another_key() -> None:
    assert wal_keys.private_of(KEY) == wal_keys.private_of(KEY)
    assert wal_keys.private_of(KEY) != KEY.hex()
    assert len({wal_keys.public_of(KEY), wal_keys.public_of(bytes(32)), wal_keys.private_of(KEY)}) == 3


def test_the_public_key_belongs_to_the_private_one() -> None:
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(wal_keys.private_of(KEY)))
    assert private.public_key().public_bytes_raw().hex() == wal_keys.public_of(KEY)
