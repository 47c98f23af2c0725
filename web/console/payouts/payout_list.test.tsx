import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";

const PAYOUT = {
  payout_id: "p1",
  user_id: "u1",
  user: null,
  amount: 700,
  status: "needs_payee",
  kind: null,
  destination: null,
  holder: null,
  gateway_payout_id: null,
  utr: null,
  reason: "no_payee",
  paid_by: null,
  paid_at: null,
  created_at: "2026-11-22T00:00:00Z",
};

test("a payout without a payee is sent to a UPI id, with a reason and nothing that was left empty", async () => {
  const { requests } = await openPage("/payouts", {
    "GET /v1/payouts/admin": rows(PAYOUT),
    "PUT /v1/payouts/admin/u1/p1/payee": { ...PAYOUT, status: "due" },
  });
  const user = userEvent.setup();
  await user.click(await button("Say where it goes"));
  const dialog = within(await screen.findByRole("dialog"));
  fill(dialog.getByLabelText("UPI id"), "asha@okaxis");
  fill(dialog.getByLabelText("Reason"), "her letter");
  await user.click(dialog.getByRole("button", { name: "Say where it goes" }));
  await screen.findByText("The bank knows it. The money is sent.");
  expect((await sent(requests, "PUT /v1/payouts/admin/u1/p1/payee"))[0]?.body).toEqual({
    upi_address: "asha@okaxis",
    reason: "her letter",
  });
});

test("a payout above the limit waits for a second admin", async () => {
  await openPage("/payouts", {
    "GET /v1/payouts/admin": rows(PAYOUT),
    "PUT /v1/payouts/admin/u1/p1/payee": Response.json({ approval_id: "a1" }, { status: 202 }),
  });
  const user = userEvent.setup();
  await user.click(await button("Say where it goes"));
  const dialog = within(await screen.findByRole("dialog"));
  fill(dialog.getByLabelText("UPI id"), "asha@okaxis");
  fill(dialog.getByLabelText("Reason"), "her letter");
  await user.click(dialog.getByRole("button", { name: "Say where it goes" }));
  await screen.findByText("A second admin has to approve this.");
});

test("one above the limit that was paid by hand waits for a second admin", async () => {
  await openPage("/payouts", {
    "GET /v1/payouts/admin": rows(PAYOUT),
    "POST /v1/payouts/admin/u1/p1/settle": Response.json({ approval_id: "a1" }, { status: 202 }),
  });
  const user = userEvent.setup();
  await user.click(await button("It was paid by hand"));
  const dialog = within(await screen.findByRole("alertdialog"));
  fill(dialog.getByLabelText("Bank's reference"), "AXISCN0123456789");
  fill(dialog.getByLabelText("Reason"), "NEFT, ticket 4711");
  await user.click(dialog.getByRole("button", { name: "It was paid by hand" }));
  await screen.findByText("A second admin has to approve this.");
});

test("one that was paid by hand takes the bank's reference, and one that is paid takes nothing", async () => {
  const paid = { ...PAYOUT, payout_id: "p2", status: "paid", utr: "AXISCN0123456789", reason: null };
  const { requests } = await openPage("/payouts", {
    "GET /v1/payouts/admin": rows(PAYOUT, paid),
    "POST /v1/payouts/admin/u1/p1/settle": paid,
  });
  await screen.findByText("AXISCN0123456789");
  const user = userEvent.setup();
  expect(screen.getAllByRole("button", { name: "It was paid by hand" })).toHaveLength(1);
  await user.click(await button("It was paid by hand"));
  const dialog = within(await screen.findByRole("alertdialog"));
  fill(dialog.getByLabelText("Bank's reference"), "AXISCN0123456789");
  fill(dialog.getByLabelText("Reason"), "NEFT, ticket 4711");
  await user.click(dialog.getByRole("button", { name: "It was paid by hand" }));
  await screen.findByText("Written down.");
  expect((await sent(requests, "POST /v1/payouts/admin/u1/p1/settle"))[0]?.body).toEqual({
    utr: "AXISCN0123456789",
    reason: "NEFT, ticket 4711",
  });
});
