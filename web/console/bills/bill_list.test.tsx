/// Bills and mandates: what their rows lead to.
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPage, rows, sent } from "../test_pages.tsx";

const BILL = {
  bill_id: "b1",
  user_id: "u1",
  user: null,
  status: "paid",
  phone_number: "+919876543210",
  operator: "AIRTEL",
  circle: null,
  customer_name: "A**** R**",
  amount: 0,
  minimum: 0,
  part_payment: "exact",
  due_on: "2026-11-20",
  is_overdue: false,
  period_from: "2026-10-01",
  period_to: "2026-10-31",
  fetched_at: "2026-11-19T10:00:00Z",
  expires_at: "2026-11-19T11:00:00Z",
  recharge_id: "r1",
};

test("bills are found by a number as a person types it, and a bill leads to its payment", async () => {
  const { requests } = await openPage("/bills?phone_number=%2B919876543210&status=paid", {
    "GET /v1/bills/admin": rows(BILL),
  });
  expect((await sent(requests, "GET /v1/bills/admin"))[0]?.query).toEqual({
    phone_number: "+919876543210",
    status: "paid",
    limit: "50",
  });
  await openPage("/bills/u1/b1", { "GET /v1/bills/admin/u1/b1": BILL });
  const link = screen.getAllByRole("link", { name: "r1" })[0] as HTMLAnchorElement;
  expect(link.getAttribute("href")).toBe("/console/recharges/u1/r1");
});

test("a mandate leads to the payment that registered it, and says why it ended", async () => {
  await openPage("/mandates?status=ended", {
    "GET /v1/mandates/admin": rows({
      mandate_id: "0198c0de-0000-7000-8000-000000000001",
      user_id: "u1",
      user: null,
      payment_method: "upi",
      status: "ended",
      end_reason: "bank",
      max_amount: 500,
      expires_at: "2027-11-19T11:00:00Z",
      payment_id: "p1",
    }),
  });
  expect(screen.getByRole("cell", { name: "By the bank" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "p1" }).getAttribute("href")).toBe("/console/payments/u1/p1");
});
