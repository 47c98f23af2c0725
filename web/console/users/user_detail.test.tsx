import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";

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
const ANSWERS = { "GET /v1/users/u1": USER, "GET /v1/users/u1/notes": rows() };

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

test("another number waits for a second admin, and a wrong one is said at its field", async () => {
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "PUT /v1/users/u1/phone-number": Response.json({ approval_id: "a1" }, { status: 202 }),
  });
  await userEvent.click(await button("Change the number"));
  fill(await field("New phone number"), "12");
  fill(await field("Reason"), "lost the phone");
  fill(await field("Type 3210 to confirm"), "3210");
  await submit("Change the number");
  await screen.findByText("A mobile number of ten digits.");
  expect(await sent(requests, "PUT /v1/users/u1/phone-number")).toHaveLength(0);
  fill(await field("New phone number"), "91234 56789");
  await submit("Change the number");
  await screen.findByText("A second admin has to approve this.");
  expect((await sent(requests, "PUT /v1/users/u1/phone-number"))[0]).toMatchObject({
    etag: '"one"',
    body: { phone_number: "+919123456789", reason: "lost the phone" },
  });
});

test("one session of many is ended, and the name changed", async () => {
  const session = {
    session_id: "s1",
    device: "Pixel",
    address: "203.0.113.9",
    created_at: "2026-01-01T00:00:00Z",
    last_used_at: "2026-01-01T00:00:00Z",
    expires_at: "2027-01-01T00:00:00Z",
  };
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "GET /v1/users/u1": { ...USER, rooms: { sessions: [session] } },
    "DELETE /v1/sessions/u1/s1": new Response(null, { status: 204 }),
    "PATCH /v1/users/u1": USER,
  });
  await userEvent.click(await button("Change the name"));
  fill(await field("Name"), "Asha R Rao");
  await submit("Save");
  await screen.findByText("Saved.");
  expect((await sent(requests, "PATCH /v1/users/u1"))[0]).toMatchObject({
    etag: '"one"',
    body: { name: "Asha R Rao" },
  });
  await userEvent.click(screen.getByRole("tab", { name: "Sessions" }));
  await userEvent.click(await button("Sign out"));
  await submit("Sign out");
  await screen.findByText("Signed out.");
  expect(await sent(requests, "DELETE /v1/sessions/u1/s1")).toHaveLength(1);
});

test("what the wallet held is asked for at an instant in India", async () => {
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "GET /v1/wallet/admin/users/u1/balance": {
      user_id: "u1",
      at: "2026-11-01T03:30:00Z",
      posted: 120.5,
      held: 20.5,
      available: 100,
    },
  });
  fill(await screen.findByLabelText("What it held on"), "2026-11-01T09:00");
  await screen.findByText("₹120.50");
  expect((await sent(requests, "GET /v1/wallet/admin/users/u1/balance"))[0]?.query).toEqual({
    at: "2026-11-01T09:00:00+05:30",
  });
});

const NOTE = {
  note_id: "n1",
  text: "Prefers calls\nafter six.",
  author_id: BOSS.admin_id,
  author_name: "Ravi Iyer",
  created_at: "2026-11-01T03:30:00Z",
};
const FOREIGN = { ...NOTE, note_id: "n2", text: "Called back.", author_id: "somebody" };

test("a note is written with one key however often it is sent, and the next one has another", async () => {
  let answers = 0;
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "GET /v1/users/u1/notes": rows(NOTE),
    "POST /v1/users/u1/notes": () =>
      answers++ === 0 ? Promise.reject(new TypeError("lost")) : Response.json(NOTE, { status: 201 }),
  });
  await screen.findByText(/Prefers calls/);
  for (const text of ["Asked twice.", "Asked twice.", "Something new."]) {
    fill(await screen.findByLabelText("New note"), text);
    await userEvent.click(await button("Add the note"));
    await (text === "Asked twice." && answers === 1
      ? screen.findByText(/did not answer/)
      : waitFor(() => expect((screen.getByLabelText("New note") as HTMLTextAreaElement).value).toBe("")));
  }
  const [lost, again, next] = await sent(requests, "POST /v1/users/u1/notes");
  expect(again).toMatchObject({ body: { text: "Asked twice." }, key: lost?.key });
  expect(next?.key).not.toBe(lost?.key);
});

test("one takes back one's own note and no other's, and older ones are read on top", async () => {
  const { requests } = await openPage("/customers/u1", {
    ...ANSWERS,
    "GET /v1/users/u1/notes": (request: Request) =>
      Response.json(
        new URL(request.url).searchParams.get("cursor") === "more"
          ? { items: [FOREIGN], next_cursor: null }
          : { items: [NOTE], next_cursor: "more" },
      ),
    "DELETE /v1/users/u1/notes/n1": new Response(null, { status: 204 }),
  });
  await userEvent.click(await button("Older notes"));
  await screen.findByText("Called back.");
  expect(screen.queryByRole("button", { name: "Older notes" })).toBeNull();
  await userEvent.click(await button("Take back"));
  await submit("Take back");
  await screen.findByText("The note is taken back.");
  expect(await sent(requests, "DELETE /v1/users/u1/notes/n1")).toHaveLength(1);
});

test("who may only read sees notes and no form", async () => {
  await openPage(
    "/customers/u1",
    { ...ANSWERS, "GET /v1/users/u1/notes": rows(NOTE) },
    { ...BOSS, permissions: ["Users:read"] },
  );
  await screen.findByText(/Prefers calls/);
  expect(screen.queryByLabelText("New note")).toBeNull();
  expect(screen.queryByRole("button", { name: "Take back" })).toBeNull();
});
