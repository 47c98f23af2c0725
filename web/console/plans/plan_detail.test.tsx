import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";
import { refusal } from "../test_world.tsx";

const BENEFITS = {
  data_total_mb: null,
  data_per_day_mb: 1536,
  voice_unlimited: true,
  voice_minutes: null,
  sms_total: null,
  sms_per_day: 100,
  talktime: null,
  extras: [],
};
const PLAN = {
  plan_id: "p1",
  etag: "one",
  version: 1,
  name: "Jio ₹299",
  description: "",
  operator: "JIO",
  circles: [],
  plan_type: "prepaid",
  category: "unlimited",
  price: 299,
  validity: { n: 28, unit: "day" },
  benefits: BENEFITS,
  is_addon: false,
  most_popular: false,
  group_id: "g1",
  group: "Unlimited",
  criteria: "",
  status: "active",
  active_from: null,
  active_until: null,
  on_sale: true,
  scheduled: false,
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-01T00:00:00Z",
  versions: [
    {
      version: 1,
      name: "Jio ₹299",
      price: 299,
      since: "2026-11-01T00:00:00Z",
      changed_by: null,
      terms: { price: 289 },
    },
    {
      version: 2,
      name: "Jio ₹299",
      price: 299,
      since: "2026-11-02T00:00:00Z",
      changed_by: null,
      terms: { price: 299 },
    },
  ],
};
const GROUPS = rows({
  group_id: "g1",
  name: "Unlimited",
  etag: "g",
  plans: {},
  sort_order: 1,
  description: "",
});

test("the second of two admins sees what the first has changed, and both changes stay", async () => {
  let plan: object = PLAN;
  const { requests } = await openPage("/plans/p1", {
    "GET /v1/plans/admin/p1": () => plan,
    "GET /v1/plans/groups/admin": GROUPS,
    "PATCH /v1/plans/p1": (request: Request) =>
      request.headers.get("If-Match") === '"two"' ? { etag: "three" } : refusal(412, "precondition_failed"),
  });
  const user = userEvent.setup();
  await user.click(await button("Edit"));
  const dialog = await screen.findByRole("dialog");
  const name = within(dialog).getByLabelText("Name");
  fill(name, "Jio 299 Plus");
  // Another admin is faster.
  plan = { ...PLAN, etag: "two", price: 319 };
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await within(dialog).findByText(/Another admin has changed this/);
  expect(within(dialog).getByText("299").tagName).toBe("DEL");
  expect(within(dialog).getByText("319").tagName).toBe("INS");
  expect((within(dialog).getByLabelText("Name") as HTMLInputElement).value).toBe("Jio 299 Plus");
  await user.click(within(dialog).getByRole("button", { name: /put mine on top/ }));
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const [first, second] = await sent(requests, "PATCH /v1/plans/p1");
  expect(first?.etag).toBe('"one"');
  // The price is not in it: it stays as the other admin has set it.
  expect(second).toMatchObject({ etag: '"two"', body: { name: "Jio 299 Plus" } });
  expect(Object.keys(second?.body ?? {})).toEqual(["name"]);
});

test("a plan of any amount shows its range and what is credited, and keeps what was not changed", async () => {
  const amounts = {
    minimum: 10,
    maximum: 2000,
    step: 1,
    samples: [{ amount: 50, talktime: 39.37 }],
    talktime: { gst_percent: 18, fee_percent: 10, fee_cap: 3 },
  };
  const plan = { ...PLAN, category: "talktime", price: 10, amounts };
  const { requests } = await openPage("/plans/p1", {
    "GET /v1/plans/admin/p1": plan,
    "GET /v1/plans/groups/admin": GROUPS,
    "PATCH /v1/plans/p1": { etag: "two" },
  });
  const user = userEvent.setup();
  expect(screen.getByText("₹2,000.00")).toBeTruthy();
  expect(screen.getByText("₹39.37")).toBeTruthy();
  await user.click(await button("Edit"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("Amounts that are suggested"), "50, 100");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  const [first] = await sent(requests, "PATCH /v1/plans/p1");
  expect(first?.body).toEqual({
    amounts: { maximum: 2000, step: 1, samples: [50, 100], talktime: amounts.talktime },
  });
});

test("a version shows what it changed", async () => {
  await openPage("/plans/p1", { "GET /v1/plans/admin/p1": PLAN, "GET /v1/plans/groups/admin": GROUPS });
  const version = screen.getByText("Version 2").closest("details") as HTMLElement;
  expect(within(version).getByText("289").tagName).toBe("DEL");
  expect(within(version).getByText("299").tagName).toBe("INS");
});

test("a file with bad rows is shown row by row and can't be imported", async () => {
  const result = { dry_run: true, import_id: null, rows: 3, created: 1, updated: 0, unchanged: 1, items: [] };
  const bad = { line: 3, column: "price", value: "-5", message: "A price is above zero.", code: "too_small" };
  const { requests } = await openPage("/plans/import", {
    "POST /v1/plans/admin/import": { ...result, bad_rows: [bad], bad_rows_left_out: 0, items_left_out: 0 },
  });
  const user = userEvent.setup();
  await user.upload(
    screen.getByLabelText(/^File/),
    new File(["plan_id\n"], "plans.csv", { type: "text/csv" }),
  );
  await user.click(await button("Try it"));
  expect(await screen.findByText("A price is above zero.")).toBeTruthy();
  const sentFiles = await sent(requests, "POST /v1/plans/admin/import");
  expect(sentFiles[0]?.query).toEqual({ dry_run: "true" });
  expect((screen.getByRole("button", { name: "Import" }) as HTMLButtonElement).disabled).toBe(true);
});

test("a plan that was deleted is not asked for again", async () => {
  const { requests } = await openPage("/plans/p1", {
    "GET /v1/plans/admin/p1": { ...PLAN, status: "draft", on_sale: false },
    "GET /v1/plans/groups/admin": GROUPS,
    "GET /v1/plans/admin": rows(),
    "DELETE /v1/plans/p1": new Response(null, { status: 204 }),
  });
  await userEvent.click(await button("Delete"));
  await userEvent.click(
    within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Delete" }),
  );
  await screen.findByText("No plan fits these filters.");
  expect(await sent(requests, "GET /v1/plans/admin/p1")).toHaveLength(1);
});
