/// One act of each room of work and money: what a person does is what the API is asked for.
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, field, fill, openPage, rows, sent, submit } from "./test_pages.tsx";

const AT = "2026-11-22T10:00:00Z";

test("a complaint is settled, and its compensation stays exact", async () => {
  const complaint = {
    user_id: "u1",
    complaint_id: "c1",
    recharge_id: "r1",
    operator: "JIO",
    reason: "not_delivered",
    status: "open",
    due_at: AT,
    is_overdue: true,
    compensation_owed: 50,
    assignee_id: null,
    created_at: AT,
    resolution: null,
  };
  const { requests } = await openPage("/complaints", {
    "GET /v1/complaints/admin": rows(complaint),
    "POST /v1/complaints/admin/u1/c1/resolve": complaint,
  });
  await userEvent.click(await button("Not delivered"));
  fill(await field("Compensation in rupees"), "1,050.25");
  fill(await field("Answer"), "You were right.");
  await submit("Settle");
  await screen.findByText("The complaint is settled.");
  expect((await sent(requests, "POST /v1/complaints/admin/u1/c1/resolve"))[0]?.body).toEqual({
    outcome: "upheld",
    note: "You were right.",
    compensation: 1050.25,
  });
});

test("an answer to an enquiry goes out once", async () => {
  const enquiry = {
    etag: "one",
    enquiry_id: "e1",
    category: "refund",
    status: "open",
    user_id: null,
    user: null,
    sender: { name: "Meera", email: "m@example.com", phone_number: "" },
    recharge_id: null,
    operator: "",
    complaint_reference: "",
    assignee_id: null,
    created_at: AT,
    entries: [
      { entry_id: "1", kind: "message", text: "Where is my money?", created_at: AT, author_id: null },
    ],
  };
  const { requests } = await openPage("/enquiries/e1", {
    "GET /v1/contact/admin/e1": enquiry,
    "POST /v1/contact/admin/e1/replies": { entry_id: "2" },
  });
  expect(screen.getByText("Where is my money?")).toBeTruthy();
  fill(await screen.findByLabelText("Text"), "On its way.");
  await userEvent.dblClick(await button("Send"));
  await screen.findByText("Written.");
  const replies = await sent(requests, "POST /v1/contact/admin/e1/replies");
  expect(replies).toHaveLength(1);
  expect(replies[0]).toMatchObject({
    body: { text: "On its way." },
    key: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("a difference ends as proposed, with a reason", async () => {
  const run = {
    run_id: "7",
    counterparty: "JIO",
    day: "2026-11-21",
    status: "differences",
    rows_theirs: 2,
    rows_ours: 1,
  };
  const difference = {
    run_id: "7",
    difference_id: "d1",
    kind: "missing_at_ours",
    reference: "OP-1",
    user_id: null,
    recharge_id: null,
    our_amount: null,
    their_amount: 299,
    proposed_resolution: "ask_operator_again",
    status: "open",
    resolution: null,
    note: null,
  };
  const { requests } = await openPage("/reconciliation/7", {
    "GET /v1/reconciliation/runs/7": {
      ...run,
      matched: 1,
      their_amount: 1,
      our_amount: 1,
      difference_amount: 0,
      charges_amount: 0,
      error: "",
    },
    "GET /v1/reconciliation/runs/7/differences": rows(difference),
    "POST /v1/reconciliation/runs/7/differences/d1/resolve": difference,
  });
  await userEvent.click(await button("Missing at ours"));
  fill(await field("Reason"), "seen in their portal");
  await submit("Resolve");
  await screen.findByText("The difference is resolved.");
  expect((await sent(requests, "POST /v1/reconciliation/runs/7/differences/d1/resolve"))[0]?.body).toEqual({
    resolution: "ask_operator_again",
    note: "seen in their portal",
  });
});

test("a held reward is released, and one that was paid can't be decided", async () => {
  const reward = {
    reward_id: "w1",
    user_id: "u1",
    user: null,
    friend_id: "u2",
    friend_user: null,
    referrer_id: "u1",
    recharge_id: null,
    side: "referrer",
    amount: 50,
    status: "held",
    hold_reasons: ["ring"],
    taken_back: 0,
    created_at: AT,
    paid_at: null,
  };
  const { requests } = await openPage("/referrals", {
    "GET /v1/referrals/admin": rows(reward, { ...reward, reward_id: "w2", side: "friend", status: "paid" }),
    "POST /v1/referrals/admin/u1/w1/release": reward,
  });
  await userEvent.click(await button("The friend"));
  expect(screen.queryByRole("button", { name: "Release" })).toBeNull();
  await userEvent.keyboard("{Escape}");
  await userEvent.click(await button("Who brought the friend"));
  expect(screen.getByText("a ring of customers")).toBeTruthy();
  await submit("Release");
  fill(await field("Reason"), "a family");
  await submit("Release");
  await screen.findByText("The reward is released.");
  expect((await sent(requests, "POST /v1/referrals/admin/u1/w1/release"))[0]?.body).toEqual({
    reason: "a family",
  });
});

test("a message is delivered again, with what was answered in view", async () => {
  const delivery = {
    delivery_id: "d1",
    endpoint_id: "e1",
    type: "recharge.delivered",
    status: "failed",
    attempts: 2,
    next_attempt_at: null,
    created_at: AT,
  };
  const log = [
    { attempt: 1, started_at: AT, duration_ms: 12, response_status: 500, response: "down", error: "" },
  ];
  const { requests } = await openPage("/webhooks/deliveries", {
    "GET /v1/webhooks/deliveries": rows(delivery),
    "GET /v1/webhooks/deliveries/d1": { ...delivery, body: "{}", log },
    "POST /v1/webhooks/deliveries/d1/redeliver": delivery,
  });
  await userEvent.click(await button("recharge.delivered"));
  expect(await screen.findByText("down")).toBeTruthy();
  await submit("Deliver again");
  await screen.findByText("It is delivered again.");
  expect(await sent(requests, "POST /v1/webhooks/deliveries/d1/redeliver")).toHaveLength(1);
});

test("the secret of a new endpoint is shown once", async () => {
  const endpoint = {
    etag: "1",
    endpoint_id: "e1",
    url: "https://shop.example/",
    events: ["*"],
    operators: [],
  };
  const { requests } = await openPage("/webhooks", {
    "GET /v1/webhooks/endpoints": rows(),
    "POST /v1/webhooks/endpoints": { ...endpoint, secret: "whsec_1" },
  });
  await userEvent.click(await button("Create"));
  fill(await field("Address"), "https://shop.example/");
  await submit("Create");
  expect(await screen.findByText("whsec_1")).toBeTruthy();
  expect((await sent(requests, "POST /v1/webhooks/endpoints"))[0]?.body).toMatchObject({
    events: ["*"],
    operators: [],
  });
});
