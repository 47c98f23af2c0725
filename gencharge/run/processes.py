"""Child processes that cannot outlive their parent, and the finding of those that did.

Used by the embedded servers and by `gencharge dev`. Nothing here knows what the processes are.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.01

# Runs between fork and the program: drops root, but for the right to pass closed folders if that is asked for
# (CAP_DAC_READ_SEARCH, capabilities(7) and access(2)), asks Linux for a signal when the parent dies (even by kill -9), and gives back
# the two signals that Python ignores. A program of its own and not a `preexec_fn`, because Python
# code between fork and exec may deadlock in a process with threads.
_LAUNCHER = """
import ctypes, os, signal, sys
death_signal, uid, gid, passes, parent = (int(word) for word in sys.argv[1:6])
libc = ctypes.CDLL(None)
if uid >= 0:
    if passes:
        # PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP: setuid leaves the capabilities, and access(2), by which PostgreSQL
        # looks at its own programs, counts them (for users other than root it would not).
        libc.prctl(28, 4, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if passes:
        words = ctypes.c_uint32 * 6
        libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), words(4, 4, 4, 0, 0, 0))
        libc.prctl(47, 2, 2, 0, 0)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE: the program keeps it, too
if sys.platform == "linux":
    libc.prctl(1, death_signal, 0, 0, 0)
if os.getppid() != parent:
    sys.exit("the parent is gone")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
try:
    os.execv(sys.argv[6], sys.argv[6:])
except OSError as problem:
    sys.exit(f"{sys.argv[6]}: {problem.strerror}")
"""

# Linux sends the signal when the *thread* that started the child ends, so one thread that lives as long as the
# process starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


@dataclass(frozen=True)
class Account:
    """The system user that a process runs as."""

    uid: int
    gid: int
    # It may pass folders that are closed to it, such as the home directory of root.
    passes: bool = False


def spawn(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, its output appended to `log`, out of the terminal's process group.

    It gets `death_signal` when this process ends, however it ends (Linux; elsewhere the next start cleans up).
    With `account`, which takes root, it runs as that user. `stdin`: a file number, or what `subprocess.Popen` takes.
    """
    with log.open("ab") as output:
        return _starter.submit(
            subprocess.Popen,
            launched(command, death_signal=death_signal, account=account),
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=output,
            stderr=output,
            # Ctrl-C in a terminal reaches the parent only, which then stops its children in order.
            start_new_session=True,
        ).result()


def launched(
    command: Sequence[str], *, death_signal: signal.Signals, account: Account | None
) -> Sequence[str]:
    """The words that start `command` as a child of this process: as `account`, and with a signal when the parent ends."""
    uid, gid, passes = (account.uid, account.gid, account.passes) if account else (-1, -1, False)
    numbers = (int(death_signal), uid, gid, int(passes), os.getpid())
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, *map(str, numbers), *command]


def end_with_parent(parent: int) -> None:
    """Let this process get SIGTERM when `parent`, which started it, ends, even by kill -9 (Linux; elsewhere it goes on)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def show_as(words: Sequence[str]) -> None:
    """Let `ps` show this forked process with these words instead of those that its parent was started with (Linux).

    Linux reads them where they stood when the program was started (proc(5): arg_start and arg_end). What does not fit is cut off.
    """
    if sys.platform != "linux":
        return
    # The fields after the name, which may hold anything; the first of them is the third of all.
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[48 - 3]), int(fields[49 - 3])
    room = end - start
    if start and room > 0:
        text = b"\0".join(word.encode(errors="surrogateescape") for word in words)[: room - 1]
        ctypes.memmove(start, text.ljust(room, b"\0"), room)


def find_in_folder(folder: Path, names: Collection[str]) -> list[int]:
    """Pids of the programs called `names` that work in `folder`: the identity that a pid file cannot prove."""
    if sys.platform == "linux":
        return [pid for pid in _all_pids() if _works_in(pid, str(folder), names)]
    listing = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False)  # noqa: S607
    rows = (line.split(maxsplit=2) for line in listing.stdout.splitlines())
    return [
        int(row[0])
        for row in rows
        if len(row) == 3 and Path(row[1].rstrip(":")).name in names and str(folder) in row[2]
    ]


def _all_pids() -> Iterable[int]:
    return (int(entry) for entry in os.listdir("/proc") if entry.isdecimal())


def _works_in(pid: int, folder: str, names: Collection[str]) -> bool:
    try:
        # The link of a removed folder ends in " (deleted)"; its server still has to go.
        if os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)") != folder:
            return False
        return Path(f"/proc/{pid}/comm").read_text().strip() in names
    except OSError:  # Already gone, a zombie, or another user's.
        return False


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def wait_until_free(folder: Path, names: Collection[str], timeout: float) -> bool:
    """Wait at most `timeout` seconds until no such program works in `folder`; whether that came true."""
    deadline = time.monotonic() + timeout
    while find_in_folder(folder, names):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)  # Not our children: nothing tells us when they end.
    return True


def last_lines(log: Path, count: int = 8, *, since: int = 0) -> list[str]:
    """The end of a log file, after its first `since` bytes: for a message about why its writer stopped."""
    try:
        with log.open("rb") as file:
            file.seek(max(since, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]
