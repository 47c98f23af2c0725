/// One act of each room of the catalogue and the house: what a person does is what the API is asked for.
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, dialogNow, field, fill, openPage, rows, sent, submit } from "./test_pages.tsx";

const AT = "2026-11-22T10:00:00Z";

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
