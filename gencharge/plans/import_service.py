"""Many plans from a file: all rows are checked first; then all of them are written, or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Event, changes, emit
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import worded
from gencharge.plans import crud, plan_rows, rules, service
from gencharge.plans.errors import PlanImportInvalid
from gencharge.plans.events import PlanCreated, PlansImported, PlanUpdated
from gencharge.plans.models import Plan, PlanStatus
from gencharge.plans.rules import Vocabulary, Wrong
from gencharge.plans.spreadsheet import Row
from gencharge.plans.staff_schemas import BadCell, ImportedPlan, PlanImportOut
from gencharge.sessions.guards import Principal, within

_SHOWN_CHARACTERS: Final = 80
# Of the rows and of the bad cells: ten thousand of them would be an answer of 9 MB.
MAX_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class CurrentPlan:
    """A plan of the catalogue before the import, with its columns."""

    plan_id: UUID
    version: int
    revision: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does: create a plan or update one."""

    row: Row
    plan_id: UUID
    current: CurrentPlan | None
    values: dict[str, Any]

    def shown(self, *, dry_run: bool) -> ImportedPlan:
        """The step as it is in the answer."""
        return ImportedPlan(
            line=self.row.line,
            action="updated" if self.current is not None else "created",
            plan_id=None if self.current is None and dry_run else self.plan_id,
            name=self.values["name"],
            changes=changes(self.current.values if self.current is not None else {}, self.values),
        )


@dataclass(slots=True)
class Reading:
    """The rows of a file compared with the catalogue: what they would change, and what is invalid."""

    admin: Principal
    vocabulary: Vocabulary
    current: dict[UUID, CurrentPlan]
    steps: list[Step] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)
    unchanged: int = 0
    lines: dict[UUID, int] = field(default_factory=dict)

    def read(self, rows: Sequence[Row]) -> None:
        """Check every row, then the rows against each other."""
        for row in rows:
            try:
                self._read(row)
            except plan_rows.BadCells as problem:
                self._refuse(row, problem.wrong)
        self._check_duplicates()
        self.bad.sort(key=lambda cell: cell.line)

    def _read(self, row: Row) -> None:
        """One row. Raises BadCells."""
        current = self._current_of(row)
        written = plan_rows.BLANK if current is None else self._cells_of(current)
        # A column that the file does not have stays as it is.
        values = plan_rows.values_of({**written, **row.cells}, self.vocabulary)
        if not self.admin.sees(values["operator"]):
            reach = ", ".join(self.admin.operator_scope)
            raise plan_rows.BadCells(
                [
                    Wrong(
                        "operator",
                        worded("Your role covers only: {operators}", operators=reach),
                        "operator_out_of_scope",
                    )
                ]
            )
        if current is None:
            self.steps.append(Step(row, new_id(), None, values))
            return
        if values["status"] == PlanStatus.DRAFT.value != current.values["status"]:
            right = "Must be active or inactive: a published plan can't go back to draft"
            raise plan_rows.BadCells([Wrong("status", right, "status_not_allowed")])
        if values == current.values:
            self.unchanged += 1
        else:
            self.steps.append(Step(row, current.plan_id, current, values))

    def _current_of(self, row: Row) -> CurrentPlan | None:
        """The plan that the row names; None for a new one. Raises BadCells."""
        written = row.cells.get("plan_id", "")
        if not written:
            return None
        try:
            current = self.current.get(UUID(written))
        except ValueError:
            current = None
        if current is None:
            right = "Must be the id of a plan in your catalogue, or empty for a new plan"
            raise plan_rows.BadCells([Wrong("plan_id", right, "plan_not_found")])
        first = self.lines.setdefault(current.plan_id, row.line)
        if first != row.line:
            raise plan_rows.BadCells(
                [
                    Wrong(
                        "plan_id",
                        worded("Each plan may appear only once; it is also in line {first}", first=first),
                        "plan_repeated",
                    )
                ]
            )
        version = row.cells.get("version", "")
        if version not in {"", str(current.version)}:
            right = worded(
                "The plan has changed since this file was made; it is now at version {version}",
                version=current.version,
            )
            raise plan_rows.BadCells([Wrong("version", right, "plan_changed")])
        return current

    def _cells_of(self, current: CurrentPlan) -> dict[str, str]:
        group = self.vocabulary.groups[current.values["group_id"]]
        return plan_rows.cells_of(current.values, group, plan_id=current.plan_id, version=current.version)

    def _check_duplicates(self) -> None:
        """No two plans share operator, type, name and circles: neither in the file nor in the catalogue."""
        changed_ids = {step.plan_id for step in self.steps}
        owners: dict[Any, str] = {
            identity: worded("plan {plan_id}", plan_id=current.plan_id)
            for current in self.current.values()
            if current.plan_id not in changed_ids
            and (identity := rules.identity_of(current.values)) is not None
        }
        for step in self.steps:
            identity = rules.identity_of(step.values)
            if identity is None:
                continue
            own = worded("line {line}", line=step.row.line)
            owner = owners.setdefault(identity, own)
            if owner != own:
                right = worded(
                    "This name is already used by {owner} for the same operator, type and circles",
                    owner=owner,
                )
                self._refuse(step.row, [Wrong("name", right, "plan_already_exists")])

    def _refuse(self, row: Row, wrong: Sequence[Wrong]) -> None:
        self.bad.extend(
            BadCell(
                line=row.line,
                column=one.field,
                value=row.cells.get(one.field, "")[:_SHOWN_CHARACTERS],
                message=one.message,
                code=one.code,
            )
            for one in wrong
        )


async def run(db: AsyncSession, admin: Principal, rows: Sequence[Row], *, dry_run: bool) -> PlanImportOut:
    """Create and change the plans of a file, all or none; `dry_run` only reports what would happen.

    A row with a `plan_id` changes that plan, one without makes a new plan. Raises PlanImportInvalid, with every bad row.
    """
    if not dry_run:
        await snapshots.lock(db, snapshots.CATALOGUE)
    vocabulary = await service.read_vocabulary(db)
    plans = await crud.list_where(db, within(admin, Plan.operator.expression), lock=not dry_run)
    current = {
        plan.plan_id: CurrentPlan(plan.plan_id, plan.version, plan.revision, rules.state_of(plan))
        for plan in plans
    }
    reading = Reading(admin, vocabulary, current)
    # Ten thousand rows take a second of CPU time, so they are read in a thread.
    await asyncio.to_thread(reading.read, rows)
    if reading.bad and not dry_run:
        raise PlanImportInvalid(
            bad_rows=[cell.model_dump() for cell in reading.bad[:MAX_SHOWN]],
            bad_rows_left_out=max(0, len(reading.bad) - MAX_SHOWN),
        )
    import_id = None if dry_run else new_id()
    if import_id is not None:
        await _write(db, admin, reading, import_id)
    created = sum(1 for step in reading.steps if step.current is None)
    return PlanImportOut(
        dry_run=dry_run,
        import_id=import_id,
        rows=len(rows),
        created=created,
        updated=len(reading.steps) - created,
        unchanged=reading.unchanged,
        bad_rows=reading.bad[:MAX_SHOWN],
        bad_rows_left_out=max(0, len(reading.bad) - MAX_SHOWN),
        items=[step.shown(dry_run=dry_run) for step in reading.steps[:MAX_SHOWN]],
        items_left_out=max(0, len(reading.steps) - MAX_SHOWN),
    )


async def _write(db: AsyncSession, admin: Principal, reading: Reading, import_id: UUID) -> None:
    """Write all steps with their versions and events, and notify the processes once."""
    instant = clock.now()
    new: list[dict[str, Any]] = []
    updated: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    events: list[Event] = []
    for step in reading.steps:
        current = step.current
        grows = current is not None and rules.makes_version(current.values, step.values)
        version = (current.version if current is not None else 1) + grows
        row = {"plan_id": step.plan_id, "version": version, "updated_at": instant, **step.values}
        if current is None:
            new.append({**row, "revision": 1, "created_at": instant})
        else:
            updated.append({**row, "revision": current.revision + 1})
        if current is None or grows:
            snapshot = rules.terms_of(Plan(**row), reading.vocabulary.groups[step.values["group_id"]])
            versions.append(
                {
                    "plan_id": step.plan_id,
                    "version": version,
                    "snapshot": snapshot,
                    "changed_by": admin.user_id if admin.user_id != SYSTEM_USER_ID else None,
                    "created_at": instant,
                }
            )
        events.append(
            (PlanCreated if current is None else PlanUpdated)(
                user_id=str(SYSTEM_USER_ID),
                plan_id=str(step.plan_id),
                operator=step.values["operator"],
                version=version,
                changes=changes(current.values if current is not None else {}, step.values),
            )
        )
    await crud.add_plans(db, new, versions)
    await crud.update_plans(db, updated)
    if events:
        await snapshots.bump(db, snapshots.CATALOGUE)
    whole = PlansImported(
        user_id=str(SYSTEM_USER_ID),
        plan_import_id=str(import_id),
        created=len(new),
        updated=len(updated),
        unchanged=reading.unchanged,
    )
    await emit(db, *events, whole)
