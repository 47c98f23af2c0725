"""Who the embedded servers run as, and that this user can reach their files.

PostgreSQL refuses to run as root. Under root all three run as an ordinary user instead: the owner of the data
folder if that is not root, else `gencharge` (created), else `nobody`. Without root no file changes its owner.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.processes import Account

logger = logging.getLogger(__name__)

_USER = "gencharge"
_PASSING = 1 << 2 | 1 << 8


def server_account(data_dir: Path) -> Account | None:
    """The user that the servers of `data_dir` run as; None if that is this process' own."""
    if os.geteuid() != 0:
        return None
    for folder in (data_dir / "postgres", data_dir):
        if folder.exists() and (owner := folder.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    return _look_up(_USER) or _create_user() or _look_up("nobody") or Account(65534, 65534)


def own_folder(folder: Path, account: Account | None, mode: int = 0o700) -> None:
    """Make `folder`, give it and all in it to `account`, and let that user reach it.

    Raises ServerFailed if it belongs to another user.
    """
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    owner = folder.lstat().st_uid
    # The sockets' folder may be in /tmp, where any user can create it first, or make it a link to somewhere else.
    if owner not in {os.geteuid(), account.uid if account else os.geteuid()} or folder.is_symlink():
        raise ServerFailed(
            f"{folder} belongs to user id {owner}, or is a link: run as that user, or remove it"
        )
    if account is not None:
        if owner != account.uid:
            _give(folder, account)
        make_reachable(folder, account)
    if stat.S_IMODE(folder.stat().st_mode) != mode:
        folder.chmod(mode)


def match_owner(path: Path) -> None:
    """Under root, give `path` the owner of its folder, so that the folder's owner can go on without root."""
    owner = path.parent.stat()
    if os.geteuid() == 0 and path.stat().st_uid != owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


def make_reachable(path: Path, account: Account) -> None:
    """Let `account` walk through the folders above `path`; says which ones had to be opened for it.

    A home directory stays as it is: see `with_passage`.
    """
    opened = []
    for folder in _closed(path, account):
        if not _is_home(folder):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
            opened.append(str(folder))
    if opened:
        logger.warning(
            "chmod o+x %s: the embedded servers, which do not run as root, pass here", " ".join(opened)
        )


def with_passage(account: Account | None, *paths: Path) -> Account | None:
    """`account`, with the right to pass closed folders if a home directory above one of `paths` is closed to it.

    The modes of a home directory are its owner's affair. Raises ServerFailed, which says what to do, if this process
    has no such right to pass on (CAP_DAC_READ_SEARCH with CAP_SETPCAP; containers often lack it).
    """
    if account is None:
        return None
    homes = [folder for path in paths for folder in _closed(path, account) if _is_home(folder)]
    if not homes:
        return account
    if not _can_pass():
        raise ServerFailed(
            f"PostgreSQL refuses to run as root, and the user that runs it instead can't pass {homes[0]}: "
            f"run as an ordinary user, move the project (to /srv, say), or allow it with `chmod o+x {homes[0]}`"
        )
    return replace(account, passes=True)


def _closed(path: Path, account: Account) -> list[Path]:
    """The folders above `path` that `account` can't pass."""
    closed = []
    for folder in path.parents:
        state = folder.stat()
        if not state.st_mode & (stat.S_IXUSR if state.st_uid == account.uid else stat.S_IXOTH):
            closed.append(folder)
    return closed


def _is_home(folder: Path) -> bool:
    return folder != Path("/") and str(folder) in {entry.pw_dir for entry in pwd.getpwall()}


def _can_pass() -> bool:
    """Whether this process holds CAP_DAC_READ_SEARCH and CAP_SETPCAP and may pass them on: bits 2 and 8 of the sets."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    sets = {line.partition(":")[0]: line.split()[-1] for line in lines if line.startswith("Cap")}
    return all(int(sets.get(name, "0"), 16) & _PASSING == _PASSING for name in ("CapPrm", "CapBnd"))


def _give(folder: Path, account: Account) -> None:
    os.chown(folder, account.uid, account.gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, account.uid, account.gid, follow_symlinks=False)


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create_user() -> Account | None:
    program = shutil.which("useradd")
    if program:
        words = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _USER]
        # It may fail (a read-only /etc, another run that creates it now); what counts is whether the user exists.
        subprocess.run([program, *words], capture_output=True, check=False)  # noqa: S603
    return _look_up(_USER)
