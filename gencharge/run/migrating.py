"""`gencharge migrate`: what is said at the terminal of a migration and of its rehearsal."""

from __future__ import annotations

from gencharge.core.postgres import migrations, rehearsal
from gencharge.core.settings import Settings
from gencharge.run.embedded import ServerFailed


def upgrade(settings: Settings) -> bool:
    """Bring the schema up to date; whether anything was done. Raises ServerFailed with a line that says what to do."""
    try:
        return migrations.upgrade(settings)
    except (migrations.NewerSchema, migrations.NotPermitted) as problem:
        raise ServerFailed(str(problem)) from None


def rehearse(settings: Settings, *, limit_seconds: float, sql: bool) -> list[str]:
    """What `migrate` would change, in lines; it was done and taken back. Raises ServerFailed with a line that says why not."""
    if not migrations.pending(settings):
        return ["The schema is up to date: nothing would change."]
    try:
        done = rehearsal.rehearse(settings, limit_seconds=limit_seconds)
    except (migrations.NewerSchema, migrations.NotPermitted) as problem:
        raise ServerFailed(str(problem)) from None
    except rehearsal.TableInUse as problem:
        raise ServerFailed(
            f"A table is in use ({problem}) for longer than {rehearsal.LOCK_WAIT_SECONDS} s, so nothing can be said yet, and nothing"
            " was changed: try again. `gencharge migrate` itself waits for 5 s."
        ) from None
    except rehearsal.RehearsalTooLong:
        raise ServerFailed(
            f"The migrations took longer than {limit_seconds:g} s and were taken back: nothing was changed. Rehearse them on a restored"
            " backup (`gencharge backup restore`), or allow more with --most-seconds: the locks are held for as long."
        ) from None
    lines = rehearsal.lines_of(done, sql=sql)
    count = len(done.steps)
    lines.append(
        f"{count} migration{'s' * (count != 1)}, in one transaction, {done.seconds:.2f} s here. It was taken back: nothing was changed."
    )
    return lines
