import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, fill, openPage, rows, sent } from "../test_pages.tsx";

const ASHA = {
  user_id: "u1",
  name: "Asha Rao",
  phone_number: "+919876543210",
  email: null,
  status: "active",
};
const ADJUSTMENT = {
  adjustment_id: "a1",
  user_id: "u1",
  user: ASHA,
  direction: "credit",
  amount: 99.5,
  reason: "goodwill",
  note: "Charged for nothing",
  reference: null,
  status: "pending",
  requested_by: "another",
  requested_at: "2026-11-22T10:00:00Z",
  expires_at: "2026-11-25T10:00:00Z",
  decided_by: null,
  decided_at: null,
  decision_note: null,
};

test("an adjustment is asked for by number, in paise that stay exact, with one key", async () => {
  const { requests } = await openPage("/adjustments", {
    "GET /v1/wallet/admin/adjustments": rows(),
    "GET /v1/users": rows(ASHA),
    "GET /v1/wallet/admin/users/u1": { balance: 12.25 },
    "POST /v1/wallet/admin/adjustments": { ...ADJUSTMENT },
  });
  const user = userEvent.setup();
  await user.click(await button("Ask for an adjustment"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("Customer's number"), "98765 43210");
  await within(dialog).findByText(/Asha Rao/);
  fill(within(dialog).getByLabelText("Amount in rupees"), "1,0x");
  fill(within(dialog).getByLabelText("Note"), "Charged for nothing");
  await user.click(within(dialog).getByRole("button", { name: "Ask for an adjustment" }));
  await within(dialog).findByText("An amount such as 199 or 49.50.");
  expect(await sent(requests, "POST /v1/wallet/admin/adjustments")).toEqual([]);
  fill(within(dialog).getByLabelText("Amount in rupees"), "1,099.50");
  await user.dblClick(within(dialog).getByRole("button", { name: "Ask for an adjustment" }));
  await screen.findByText("A second admin has to approve this.");
  const asked = await sent(requests, "POST /v1/wallet/admin/adjustments");
  expect(asked).toHaveLength(1);
  expect(asked[0]?.key).toMatch(/^[0-9a-f]{32}$/);
  expect(asked[0]?.body).toMatchObject({ user_id: "u1", amount: 1099.5, direction: "credit" });
});

test.each([
  ["another", "Approve"],
  [BOSS.admin_id, "Withdraw"],
])("of what %s asked for, an admin may %s", async (requested_by, act) => {
  await openPage("/adjustments", {
    "GET /v1/wallet/admin/adjustments": rows({ ...ADJUSTMENT, requested_by }),
  });
  await userEvent.click(await button("Charged for nothing"));
  const dialog = await screen.findByRole(act === "Approve" ? "alertdialog" : "dialog");
  expect(within(dialog).getByRole("button", { name: act })).toBeTruthy();
  expect(within(dialog).queryByRole("button", { name: "Reject" }) !== null).toBe(act === "Approve");
});
