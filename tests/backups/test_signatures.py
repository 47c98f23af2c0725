"""With a public key only what was signed with the private one is restored; a changed manifest or header is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gencharge.backups import restore_service, service, signatures
from gencharge.backups.errors import BackupKeyRequired, BackupSignatureInvalid, BackupSigningKeyInvalid
from gencharge.core.settings import Environment, Settings
from tests.make.backups import databases_of, make_backup, silent

HEADER = {"revision": "0053", "roles": ["gencharge_app"]}
MANIFEST: dict[str, Any] = HEADER | {"parts": {"postgres.dump": {"sha256": "ab", "size_bytes": 7}}}


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Files with a private key and its public key."""
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    for path, text in zip((private, public), signatures.new_keys(), strict=True):
        path.write_text(text)
    return private, public


def test_what_was_signed_is_accepted_and_any_change_is_not(keys: tuple[Path, Path]) -> None:
    private, public = keys
    signed = MANIFEST | {"signature": signatures.sign(private, MANIFEST)}
    signatures.check(public, HEADER, dict(reversed(signed.items())))
    changes: list[dict[str, Any]] = [
        {"signature": ""},
        {"signature": "no hexadecimal"},
        {"signature": "00" * 64},
        {"parts": {"postgres.dump": {"sha256": "ac", "size_bytes": 7}}},
        {"more": 1},
    ]
    for change in changes:
        with pytest.raises(BackupSignatureInvalid):
            signatures.check(public, HEADER, signed | change)
    for header in (HEADER | {"roles": ["postgres"]}, HEADER | {"more": 1}):
        with pytest.raises(BackupSignatureInvalid):
            signatures.check(public, header, signed)


def test_what_is_no_key_is_refused(keys: tuple[Path, Path], tmp_path: Path) -> None:
    private, public = keys
    nothing = tmp_path / "nothing"
    nothing.write_text("nothing")
    for wrong in (nothing, public):
        with pytest.raises(BackupSigningKeyInvalid):
            signatures.sign(wrong, MANIFEST)
    for wrong in (nothing, private):
        with pytest.raises(BackupSigningKeyInvalid):
            signatures.check(wrong, HEADER, MANIFEST)


async def test_only_a_signed_backup_is_restored_if_a_public_key_is_set(
    own: Settings, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = keys
    signing = own.model_copy(update={"backup_signing_key_file": private})
    checking = own.model_copy(update={"backup_public_key_file": public})
    unsigned, signed = await make_backup(own), await make_backup(signing)
    (tmp_path / "other.pem").write_text(signatures.new_keys()[0])
    forged = await make_backup(own.model_copy(update={"backup_signing_key_file": tmp_path / "other.pem"}))
    before = databases_of(own)
    for backup_id in (unsigned, forged):
        location = service.location_of(own, await service.get_backup(own, backup_id))
        target = service.scratch_target(own, backup_id, "restored")
        with pytest.raises(BackupSignatureInvalid):
            await restore_service.restore(checking, location, target, progress=silent)
        assert databases_of(own) == before
    for settings, backup_id in ((checking, signed), (own, signed)):
        location = service.location_of(own, await service.get_backup(own, backup_id))
        target = service.scratch_target(own, backup_id, "restored")
        restored = await restore_service.restore(settings, location, target, progress=silent)
        assert restored.problems == []
        await restore_service.drop(own, target)


async def test_production_restores_nothing_without_a_public_key(own: Settings) -> None:
    production = own.model_copy(update={"environment": Environment.PRODUCTION})
    backup_id = await make_backup(own)
    location = service.location_of(own, await service.get_backup(own, backup_id))
    before = databases_of(own)
    with pytest.raises(BackupKeyRequired, match="BACKUP_PUBLIC_KEY_FILE"):
        await restore_service.restore(
            production, location, service.scratch_target(own, backup_id, "restored"), progress=silent
        )
    assert databases_of(own) == before
