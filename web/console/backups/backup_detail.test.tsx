import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";

const BACKUP = {
  backup: "20261122-010000",
  status: "ready",
  description: "Each night",
  tables: [],
  begun_at: "2026-11-22T01:00:00Z",
  size_bytes: 3_400_000,
  duration_seconds: 12.4,
  encrypted: true,
  contents: { tables: 60, rows: 123_456, documents: 7, files: 1 },
  verification: { at: "2026-11-22T02:00:00Z", ok: true, problems: [] },
  requested_by: null,
  run: null,
  parts: [],
  migration: "0064",
  gencharge: "1.0",
};
const ANSWERS = { [`GET /v1/backups/${BACKUP.backup}`]: BACKUP };

test("a restore in place takes the name typed and a reason, and waits for a second admin", async () => {
  const { requests } = await openPage(`/backups/${BACKUP.backup}`, {
    ...ANSWERS,
    [`POST /v1/backups/${BACKUP.backup}/restore`]: Response.json({ approval_id: "a1" }, { status: 202 }),
  });
  expect(screen.getByText("1,23,456")).toBeTruthy();
  const user = userEvent.setup();
  await user.click(await button("Restore in place"));
  const dialog = await screen.findByRole("alertdialog");
  const submit = within(dialog).getByRole("button", { name: "Restore in place" }) as HTMLButtonElement;
  expect(submit.disabled).toBe(true);
  fill(within(dialog).getByLabelText("Reason"), "a bad import");
  fill(within(dialog).getByLabelText(/to confirm/), BACKUP.backup);
  await user.click(submit);
  await screen.findByText("A second admin has to approve this.");
  expect((await sent(requests, `POST /v1/backups/${BACKUP.backup}/restore`))[0]?.body).toEqual({
    in_place: true,
    confirm: BACKUP.backup,
    reason: "a bad import",
  });
});

test("who may only read sees no act", async () => {
  await openPage(`/backups/${BACKUP.backup}`, ANSWERS, {
    admin_id: "a",
    name: "Ravi",
    role: "Auditor",
    email: "r@example.com",
    operator_scope: [],
    permissions: ["Backups:read"],
    language: "en",
    etag: "1",
  });
  expect(screen.queryByRole("button", { name: /Restore|Verify|Delete|Download/ })).toBeNull();
});

test("what a backup's run writes is shown as it goes", async () => {
  const run = {
    backup_run_id: "r1",
    kind: "verify",
    backup: BACKUP.backup,
    status: "running",
    stage: "rows",
  };
  await openPage(`/backups/${BACKUP.backup}`, {
    [`GET /v1/backups/${BACKUP.backup}`]: {
      ...BACKUP,
      run: { ...run, percent: 40, seconds_left: 90, failure: null, database: null, problems: [] },
    },
    "GET /v1/backups/runs/r1/logs": rows({
      at: "2026-11-22T02:00:00Z",
      level: "info",
      text: "40 tables compared",
    }),
  });
  expect(await screen.findByText(/40 tables compared/)).toBeTruthy();
  expect(screen.getByText("1 min left")).toBeTruthy();
});
