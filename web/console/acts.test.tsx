/// One act of each of the smaller rooms: what a person does is what the API is asked for.
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "./test_pages.tsx";

const AT = "2026-11-22T10:00:00Z";
/// The dialog that is open.
const dialogNow = () =>
  waitFor(() => {
    const found = screen.queryByRole("alertdialog") ?? screen.queryByRole("dialog");
    if (!found) throw new Error("no dialog is open");
    return found;
  });
const submit = async (name: string) =>
  userEvent.click(within(await dialogNow()).getByRole("button", { name }));
/// A field of it.
const field = async (label: string) => within(await dialogNow()).findByLabelText(label);

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

test("a new offer is a draft, and a share of the price has a limit", async () => {
  const { requests } = await openPage("/offers", {
    "GET /v1/offers/admin": rows(),
    "GET /v1/offers/types/admin": rows({ offer_type_id: "t1", name: "Festival" }),
    "POST /v1/offers": { offer_id: "o1" },
  });
  await userEvent.click(await button("New offer"));
  await within(await dialogNow()).findAllByText("Festival");
  fill(await field("Name"), "Diwali");
  fill(await field("Budget in rupees"), "5,00,000");
  await submit("Create");
  await screen.findByText("Created.");
  expect((await sent(requests, "POST /v1/offers"))[0]?.body).toMatchObject({
    name: "Diwali",
    status: "draft",
    offer_type_id: "t1",
    limits: { budget: 500_000, total_uses: null },
    reward: { discount: null, cashback: null },
  });
});

test("an announcement is sent as it was read, at a time in India", async () => {
  const announcement = {
    etag: "one",
    announcement_id: "n1",
    status: "draft",
    audience: {
      kind: "customers",
      user_type: null,
      operator: null,
      circle: null,
      campaign_id: null,
      user_id: null,
    },
    purpose: "service",
    channels: ["sms"],
    texts: { en: { title: "Works at night", body: "From 1 to 3.", sms: "", dlt_template: "" } },
    starts_at: null,
    ends_at: null,
    figures: { counted: false, recipients: 0, in_app: 0, viewed: 0, channels: {} },
  };
  const { requests } = await openPage("/announcements/n1", {
    "GET /v1/announcements/n1": announcement,
    "POST /v1/announcements/n1/send": announcement,
  });
  expect(screen.getByRole("region", { name: "As a customer reads it" }).textContent).toContain(
    "From 1 to 3.",
  );
  await userEvent.click(await button("Send"));
  fill(await field("From"), "2026-12-01T01:00");
  await submit("Send");
  await screen.findByText("It is on its way.");
  expect((await sent(requests, "POST /v1/announcements/n1/send"))[0]).toMatchObject({
    etag: '"one"',
    body: { starts_at: "2026-12-01T01:00:00+05:30", ends_at: null },
  });
});

test("a template is tried on oneself before it is published", async () => {
  const template = {
    etag: "one",
    kind: "recharge_delivered",
    language: "en",
    type: "transactional",
    channels: ["sms"],
    is_mandatory: true,
    title: "Recharge done",
    published_edition: 0,
    latest_edition: 1,
    updated_at: AT,
    variables: [],
    editions: [{ edition: 1, created_at: AT, created_by: "a", restored_from: null }],
    latest: { title: "Recharge done", body: "Done." },
  };
  const path = "/v1/notifications/admin/templates/recharge_delivered/en";
  const texts = {
    title: "Recharge done",
    body: "Done.",
    sms: "Jio done",
    push_title: "",
    push_body: "",
    email_subject: "",
    email_text: "",
  };
  const { requests } = await openPage("/templates/recharge_delivered/en", {
    [`GET ${path}`]: template,
    [`GET ${path}/editions/1/preview`]: { edition: 1, ...texts },
    [`POST ${path}/editions/1/test`]: new Response(null, { status: 204 }),
    [`POST ${path}/publish`]: template,
  });
  expect(await screen.findByText("Jio done")).toBeTruthy();
  await userEvent.click(await button("Send a test to me"));
  await screen.findByText("A test is on its way to you.");
  await userEvent.click(await button("Publish edition 1"));
  await submit("Publish edition 1");
  await screen.findByText("It is published.");
  expect((await sent(requests, `POST ${path}/publish`))[0]).toMatchObject({
    etag: '"one"',
    body: { edition: 1 },
  });
});

test("an admin is appointed by number, which a second admin approves", async () => {
  const { requests } = await openPage("/admins", {
    "GET /v1/admins": rows(),
    "GET /v1/roles": rows({ role_id: "r", name: "Support" }),
    "POST /v1/admins": Response.json({ approval_id: "a" }, { status: 202 }),
  });
  await userEvent.click(await button("Appoint an admin"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("Name"), "Meera Iyer");
  fill(within(dialog).getByLabelText("E-mail"), "meera@example.com");
  fill(within(dialog).getByLabelText("Reason"), "night shift");
  fill(within(dialog).getByLabelText("Mobile number"), "12345");
  await submit("Appoint an admin");
  await within(dialog).findByText(/An Indian mobile number/);
  expect(await sent(requests, "POST /v1/admins")).toEqual([]);
  fill(within(dialog).getByLabelText("Mobile number"), "98765 43210");
  await submit("Appoint an admin");
  await screen.findByText("A second admin has to approve this.");
  expect((await sent(requests, "POST /v1/admins"))[0]?.body).toMatchObject({
    phone_number: "+919876543210",
    role: "Support",
    operator_scope: [],
  });
});

test("a campaign names who does not see it, and needs an active offer", async () => {
  const { requests } = await openPage("/campaigns", {
    "GET /v1/campaigns": rows(),
    "GET /v1/offers/admin": rows({ offer_id: "o1", name: "Diwali" }),
    "POST /v1/campaigns": { campaign_id: "k1" },
  });
  await userEvent.click(await button("New campaign"));
  const dialog = await screen.findByRole("dialog");
  await within(dialog).findAllByText("Diwali");
  fill(within(dialog).getByLabelText("Name"), "Come back");
  fill(within(dialog).getByLabelText("From"), "2026-12-01T00:00");
  fill(within(dialog).getByLabelText("Until"), "2026-12-08T00:00");
  await userEvent.click(within(dialog).getByLabelText("At risk"));
  await submit("Create");
  await screen.findByText("Created.");
  expect((await sent(requests, "POST /v1/campaigns"))[0]?.body).toMatchObject({
    offer_id: "o1",
    control_percent: 10,
    starts_at: "2026-12-01T00:00:00+05:30",
    target: { segments: ["at_risk"], user_types: [] },
  });
});

test("an autopay shows each attempt with its recharge", async () => {
  const autopay = {
    autopay_id: "p1",
    user_id: "u1",
    user: null,
    phone_number: "+919876543210",
    plan_name: "Jio ₹299",
    operator: "JIO",
    status: "paused",
    pause_reason: "price",
    payment_method: "mandate",
    mandate_id: null,
    price: 299,
    max_amount: 350,
    every: { n: 28, unit: "day" },
    next_due_at: null,
    tries: 1,
  };
  const attempt = {
    attempt_id: "t1",
    attempted_at: AT,
    outcome: "failed",
    reason: "no_balance",
    amount: 299,
    recharge_id: "r1234567",
    late_seconds: 61,
  };
  await openPage("/autopay/u1/p1", {
    "GET /v1/autopay/admin/u1/p1": autopay,
    "GET /v1/autopay/admin/u1/p1/attempts": rows(attempt),
  });
  expect(await screen.findByText("no balance")).toBeTruthy();
  expect(screen.getByRole("link", { name: "r1234567" }).getAttribute("href")).toBe(
    "/console/recharges/u1/r1234567",
  );
  expect(screen.getByText("28 days")).toBeTruthy();
});
