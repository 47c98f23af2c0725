import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, dialogNow, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";

const RUN = {
  run_id: "run",
  counterparty: "JIO",
  day: "2026-11-22",
  status: "differences",
  rows_theirs: 2,
  rows_ours: 2,
  their_amount: 598,
  our_amount: 299,
  matched: 0,
  difference_amount: 299,
  charges_amount: 0,
  finished_at: "2026-11-23T04:00:00Z",
  statement_sha256: "ab".repeat(32),
  error: "",
};
const difference = (id: string, status: string) => ({
  run_id: "run",
  difference_id: id,
  kind: "amount_differs",
  reference: `ref-${id}`,
  status,
  our_amount: 299,
  their_amount: 399,
  proposed_resolution: "write_off",
});
const BULK = "POST /v1/reconciliation/bulk-resolutions";

test("differences are resolved together as proposed, after what would happen was seen", async () => {
  const { requests } = await openPage("/reconciliation/run", {
    "GET /v1/reconciliation/runs/run": RUN,
    "GET /v1/reconciliation/runs/run/differences": rows(
      difference("d1", "open"),
      difference("d2", "resolved"),
    ),
    [BULK]: async (request: Request) => {
      const { is_dry_run } = (await request.json()) as { is_dry_run: boolean };
      return {
        is_dry_run,
        total_moved: 100,
        differences: [
          {
            run_id: "run",
            difference_id: "d1",
            outcome: is_dry_run ? "would_be_done" : "done",
            resolution: "write_off",
            status: "resolved",
            moved: 100,
            refusal_code: null,
            refusal: null,
          },
        ],
      };
    },
  });
  const resolved = await screen.findByRole("checkbox", { name: /ref-d2/ });
  expect((resolved as HTMLInputElement).disabled).toBe(true);
  await userEvent.click(await screen.findByRole("checkbox", { name: /ref-d1/ }));
  await userEvent.click(await button("Resolve 1"));
  fill(await field("Reason"), "their mistake, below a rupee each");
  await submit("See what would happen");
  const trial = await screen.findByRole("alertdialog");
  await within(trial).findByText("Would be resolved");
  fill(within(trial).getByLabelText("Type 1 to confirm"), "1");
  await submit("Resolve");
  await within(await dialogNow()).findByText("This is what was done:");
  expect((await sent(requests, BULK)).map((each) => each.body)).toEqual(
    [true, false].map((is_dry_run) => ({
      differences: [{ run_id: "run", difference_id: "d1" }],
      resolution: null,
      note: "their mistake, below a rupee each",
      is_dry_run,
    })),
  );
});
