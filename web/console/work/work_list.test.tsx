import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, fill, openPage, rows, sent } from "../test_pages.tsx";
import { pageOf } from "./queries.ts";

const ITEM = {
  kind: "stuck_recharge",
  item: "r1",
  title: "Recharge of +91••••3210 is stuck",
  operator: "JIO",
  waiting_since: "2026-11-22T00:00:00Z",
  age_seconds: 90_000,
  assignee_id: null,
  path: "/v1/recharge/admin/u1/r1/story",
  can_rerun: true,
  can_close: false,
};

test("what waits is taken, tried again with a reason, and leads to where it is settled", async () => {
  const { requests } = await openPage("/work", {
    "GET /v1/work": rows(ITEM),
    "GET /v1/work/summary": { kinds: [{ kind: "stuck_recharge", count: 1, unassigned: 1, oldest_at: null }] },
    "PUT /v1/work/assignee": ITEM,
    "POST /v1/work/reruns": new Response(null, { status: 204 }),
  });
  const row = (await screen.findByText(ITEM.title)).closest("tr") as HTMLElement;
  expect(within(row).getByRole("link").getAttribute("href")).toBe("/console/recharges/u1/r1");
  expect(within(row).queryByRole("button", { name: "Close" })).toBeNull();
  const user = userEvent.setup();
  await user.click(within(row).getByRole("button", { name: "Take" }));
  expect((await sent(requests, "PUT /v1/work/assignee"))[0]?.body).toEqual({
    kind: "stuck_recharge",
    item: "r1",
    assignee_id: BOSS.admin_id,
  });
  await user.click(await button("Try again"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("Reason"), "the operator is back");
  await user.click(within(dialog).getByRole("button", { name: "Try again" }));
  await screen.findByText("It is tried again.");
  expect((await sent(requests, "POST /v1/work/reruns"))[0]?.body.reason).toBe("the operator is back");
});

test("an item that only the queue has leads nowhere else", () => {
  expect(pageOf("/v1/work")).toBeNull();
  expect(pageOf("/v1/users/kyc-requests")).toBe("/customers/kyc");
  expect(pageOf("/v1/channels/jio-direct/health")).toBe("/operators");
  expect(pageOf("/v1/payouts/admin")).toBe("/payouts");
  expect(pageOf("/v1/reconciliation/runs/7/differences")).toBe("/reconciliation/7");
});
