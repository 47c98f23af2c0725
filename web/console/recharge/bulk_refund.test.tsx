/// Refunds of many recharges, the queue of a number, starting a plan before its turn.
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, dialogNow, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";
import { inOrder } from "./queue_page.tsx";

const AT = "2026-11-22T10:00:00Z";
const RECHARGE = {
  user_id: "u1",
  recharge_id: "r1",
  plan_name: "Monsoon 299",
  phone_number: "+919876543210",
  operator: "JIO",
  status: "active",
  payment_method: "wallet",
  total_paid: 299,
  created_at: AT,
  user: null,
};
const OTHER = { ...RECHARGE, recharge_id: "r2", plan_name: "Talk 99" };
const FAILED = { ...RECHARGE, recharge_id: "r3", plan_name: "Lost 49", status: "failed" };
const PLACES = [
  { user_id: "u1", recharge_id: "r1" },
  { user_id: "u1", recharge_id: "r2" },
];
const BULK = "POST /v1/recharge/admin/bulk-refunds";

test("many recharges are refunded only after a trial was seen and their number typed", async () => {
  const { requests } = await openPage("/recharges", {
    "GET /v1/recharge/admin": rows(RECHARGE, OTHER, FAILED),
    [BULK]: async (request: Request) => {
      const { is_dry_run } = (await request.json()) as { is_dry_run: boolean };
      return {
        is_dry_run,
        total: 299,
        recharges: [
          {
            ...PLACES[0],
            outcome: is_dry_run ? "would_refund" : "refunded",
            amount: 299,
            refusal_code: null,
          },
          { ...PLACES[1], outcome: "refused", amount: null, refusal_code: "already_refunded" },
        ],
      };
    },
  });
  const user = userEvent.setup();
  const box = (name: RegExp) => screen.findByRole("checkbox", { name });
  expect(((await box(/Lost 49/)) as HTMLInputElement).disabled).toBe(true);
  await user.click(await box(/Monsoon 299/));
  await user.click(await box(/Talk 99/));
  await user.click(await button("Refund 2"));
  fill(await field("Reason"), "wrong price on the poster");
  await submit("See what would happen");
  const trial = await screen.findByRole("alertdialog");
  await within(trial).findByText("Would be refunded");
  expect(within(trial).getByText("already refunded")).toBeTruthy();
  expect(await sent(requests, BULK)).toHaveLength(1);
  const act = within(trial).getByRole("button", { name: "Refund" }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
  fill(within(trial).getByLabelText("Type 2 to confirm"), "2");
  await user.click(act);
  await screen.findByText("This is what was done:");
  const calls = await sent(requests, BULK);
  expect(calls.map((each) => each.body)).toEqual(
    [true, false].map((is_dry_run) => ({
      recharges: PLACES,
      reason: "wrong price on the poster",
      is_dry_run,
    })),
  );
  expect(calls[0]?.key).not.toBe(calls[1]?.key);
  expect(screen.queryByRole("button", { name: "Refund 2" })).toBeNull();
});

test("nothing can be done where the trial refuses all", async () => {
  await openPage("/recharges", {
    "GET /v1/recharge/admin": rows(RECHARGE),
    [BULK]: {
      is_dry_run: true,
      total: 0,
      recharges: [{ ...PLACES[0], outcome: "refused", amount: null, refusal_code: "already_refunded" }],
    },
  });
  await userEvent.click(await screen.findByRole("checkbox", { name: /Monsoon 299/ }));
  await userEvent.click(await button("Refund 1"));
  fill(await field("Reason"), "wrong price");
  await submit("See what would happen");
  await screen.findByText("Nothing has been done, and nothing can be:");
  const act = within(await dialogNow()).getByRole("button", { name: "Refund" }) as HTMLButtonElement;
  expect(act.disabled).toBe(true);
});

const QUEUED = ["q1", "q2", "q3"].map((recharge_id, at) => ({
  recharge_id,
  plan_id: `p${at}`,
  plan_name: `Plan ${at + 1}`,
  operator: "JIO",
  starts_at: AT,
  ends_at: AT,
}));
const QUEUE = { phone_number: "+919876543210", plans: QUEUED };

test("the order that a person chose keeps what is new at its end, and leaves out what is gone", () => {
  expect(inOrder(QUEUED, ["q3", "gone", "q1"]).map((each) => each.recharge_id)).toEqual(["q3", "q1", "q2"]);
});

test("the queue of a number is put in another order, and one starts before its turn", async () => {
  const { requests } = await openPage("/recharges/queue?phone_number=%2B919876543210", {
    "GET /v1/recharge/admin/plans/queue": QUEUE,
    "PUT /v1/recharge/admin/plans/queue": QUEUE,
    "GET /v1/recharge/admin/plans": (request: Request) =>
      new URL(request.url).searchParams.get("status") === "queued"
        ? rows({ recharge_id: "q2", user: { user_id: "u1" } })
        : rows(
            { recharge_id: "a0", plan_name: "Data 19", is_addon: true },
            { recharge_id: "a1", plan_name: "Monsoon 299", is_addon: false },
          ),
    "POST /v1/recharge/admin/u1/q2/start": { recharge_id: "q2" },
  });
  await userEvent.click(await button("Move Plan 3 forward"));
  await userEvent.click(await button("Save this order"));
  fill(await field("Reason"), "asked for by phone");
  await submit("Save this order");
  await screen.findByText("The order is changed.");
  expect((await sent(requests, "PUT /v1/recharge/admin/plans/queue"))[0]?.body).toEqual({
    phone_number: "+919876543210",
    recharge_ids: ["q1", "q3", "q2"],
    reason: "asked for by phone",
  });
  await userEvent.click(await button("Start now"));
  await within(await dialogNow()).findAllByText("Monsoon 299");
  fill(await field("Reason"), "travels today");
  await submit("Start now");
  await screen.findByText("The plan runs now.");
  expect((await sent(requests, "POST /v1/recharge/admin/u1/q2/start"))[0]?.body).toEqual({
    replaced_recharge_id: "a1",
    reason: "travels today",
  });
});
