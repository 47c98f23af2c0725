import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, fill, openPage, rows, sent } from "../test_pages.tsx";

const USER = {
  user_id: "u1",
  etag: "one",
  phone_number: "+919876543210",
  status: "active",
  name: "Asha Rao",
  email: null,
  email_confirmed: false,
  user_type: "prepaid",
  referral_code: "ASHA",
  kyc_tier: "small",
  language: "en",
  registered_at: "2026-01-01T00:00:00Z",
  created_at: "2026-01-01T00:00:00Z",
  status_since: null,
  status_reason: null,
  referred_by: null,
  rooms: {
    wallet: { balance: 1, held: 0 },
    sessions: [],
    recharges: { last_recharges: [], current_plans: [] },
  },
};
const ANSWERS = { "GET /v1/users/u1": USER };

test("an account is closed with a reason, its last digits typed, and the rest paid out if one likes", async () => {
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "GET /v1/users": rows(),
    "DELETE /v1/users/u1": new Response(null, { status: 204 }),
  });
  const user = userEvent.setup();
  await user.click(await button("Close the account"));
  const dialog = await screen.findByRole("alertdialog");
  await user.click(within(dialog).getByLabelText("Pay the rest of the balance out"));
  fill(within(dialog).getByLabelText("Reason"), "asked for by letter");
  const submit = within(dialog).getByRole("button", { name: "Close the account" }) as HTMLButtonElement;
  expect(submit.disabled).toBe(true);
  fill(within(dialog).getByLabelText(/to confirm/), "3210");
  await user.click(submit);
  await screen.findByText("The account is closed.");
  expect((await sent(requests, "DELETE /v1/users/u1"))[0]?.query).toEqual({
    reason: "asked for by letter",
    payout: "true",
  });
});

test("the KYC tier takes the permission of wallets, and goes to the one that it was not", async () => {
  const { requests } = await openPage("/customers/u1", { ...ANSWERS, "PUT /v1/users/u1/kyc-tier": USER });
  await userEvent.click(await button("Change the KYC tier"));
  fill(await screen.findByLabelText("Reason"), "passport seen");
  const dialog = screen.getByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Change the KYC tier" }));
  await screen.findByText("The tier is changed.");
  expect((await sent(requests, "PUT /v1/users/u1/kyc-tier"))[0]).toMatchObject({
    etag: '"one"',
    body: { tier: "full", reason: "passport seen" },
  });
});

test("who may only read a customer sees no act", async () => {
  await openPage("/customers/u1", ANSWERS, { ...BOSS, permissions: ["Users:read"] });
  expect(document.querySelector(".page-head .acts button")).toBeNull();
});
