import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";

const ANSWERS = {
  "GET /v1/autopay/admin": rows(),
  "GET /v1/autopay/admin/calendar": { overdue: 2, days: [] },
};
const ROUTE = "POST /v1/autopay/process-due";

test("what is due is run, and each outcome is shown with those that were late", async () => {
  const { requests } = await openPage("/autopay", {
    ...ANSWERS,
    [ROUTE]: {
      items: [
        {
          user_id: "u1",
          autopay_id: "a1",
          due_at: "2026-11-22T10:00:00Z",
          outcome: "retrying",
          reason: "insufficient_balance",
          amount: 299,
          recharge_id: null,
          late_seconds: 90,
        },
      ],
      late: { count: 1, longest_seconds: 90, total: 0, outcomes: {} },
      is_more: true,
    },
  });
  await userEvent.click(await button("Run what is due"));
  fill(await field("How many at most"), "many");
  await submit("Run what is due");
  await screen.findByText("A whole number, such as 30.");
  fill(await field("How many at most"), "5");
  await submit("Run what is due");
  await screen.findByText("Tried again later");
  await screen.findByText("insufficient balance");
  await screen.findByText(/1 of these were late/);
  await screen.findByText("More may be due: run it again.");
  expect((await sent(requests, ROUTE)).map((each) => each.body)).toEqual([{ limit: 5 }]);
});

test("an admin who is limited to some operators neither runs it nor sees the top-ups of all", async () => {
  await openPage("/autopay", ANSWERS, { ...BOSS, operator_scope: ["JIO"] });
  expect(screen.queryByRole("button", { name: "Run what is due" })).toBeNull();
  expect(screen.queryByRole("link", { name: "Automatic top-ups" })).toBeNull();
});
