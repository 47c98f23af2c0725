import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";
import { scopeOf } from "./allow_dialog.tsx";
import { boundOf } from "./held_back_list.tsx";

const HELD = {
  held_back_id: "h1",
  rule: "payers_of_number_in_a_day",
  kind: "recharge",
  amount: 299,
  phone_number: "+919876543210",
  session_id: null,
  address: "203.0.113.9",
  attempts: 3,
  first_at: "2026-11-22T10:00:00Z",
  last_at: "2026-11-22T10:05:00Z",
  user_id: "u1",
  user: null,
  bound: 4,
  device_id: null,
};

test("who was held back is allowed more, in the scope that the rule counts", async () => {
  const { requests } = await openPage("/limits", {
    "GET /v1/velocity/held-back": rows(HELD),
    "POST /v1/velocity/allowances": { allowance_id: "a1" },
  });
  await userEvent.click(await button("Allow more"));
  expect(((await field("Number")) as HTMLInputElement).value).toBe("+919876543210");
  fill(await field("Times as high"), "5");
  fill(await field("Ends"), "2026-12-01T00:00");
  fill(await field("Reason"), "a shop");
  await submit("Allow more");
  await screen.findByText("It is allowed.");
  expect((await sent(requests, "POST /v1/velocity/allowances"))[0]?.body).toEqual({
    scope: "number",
    phone_number: "+919876543210",
    factor: 5,
    ends_at: "2026-12-01T00:00:00+05:30",
    reason: "a shop",
  });
});

test("an allowance that is in force is withdrawn, and one that has ended has no act", async () => {
  const allowance = (id: string, ends_at: string) => ({
    allowance_id: id,
    scope: "address",
    user_id: null,
    phone_number: null,
    address: id,
    factor: 2,
    reason: "campus",
    allowed_by: "x",
    allowed_at: "2026-11-01T00:00:00Z",
    ends_at,
  });
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const { requests } = await openPage("/limits/allowances", {
    "GET /v1/velocity/allowances": rows(allowance("a1", soon), allowance("a2", "2026-11-02T00:00:00Z")),
    "DELETE /v1/velocity/allowances/a1": new Response(null, { status: 204 }),
  });
  expect(screen.getAllByRole("button", { name: "Withdraw" })).toHaveLength(1);
  await userEvent.click(await button("Withdraw"));
  await submit("Withdraw");
  await screen.findByText("Withdrawn.");
  expect(await sent(requests, "DELETE /v1/velocity/allowances/a1")).toHaveLength(1);
});

test("a limit of a sum is money, another one a number", () => {
  expect(boundOf({ rule: "topup_sum_in_a_day", bound: 1_000_000 })).toBe("₹10,000.00");
  expect(boundOf({ rule: "numbers_in_a_day", bound: 12 })).toBe("12");
  expect([scopeOf("numbers_in_a_day"), scopeOf("payers_of_address_in_a_day")]).toEqual(["user", "address"]);
});
