import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";
import { basisPointsOf } from "./channel_acts.tsx";
import { phaseOf } from "./maintenance.tsx";
import type { Operator } from "./queries.ts";

const WINDOW = {
  starts_at: "2026-11-28T18:30:00Z",
  ends_at: "2026-11-28T22:30:00Z",
  text: "Jio works on its systems.",
  text_hi: "जियो अपने सिस्टम पर काम कर रहा है।",
};
const JIO = {
  code: "JIO",
  name: "Reliance Jio",
  display_name: "Jio",
  status: "up",
  channel: "api",
  is_active: true,
  sort_order: 1,
  maintenance: null,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  etag: "7",
} satisfies Operator;
const CHANNEL = {
  code: "jio-direct",
  name: "Jio direct",
  priority: 10,
  weight: 100,
  commission_basis_points: 300,
  min_amount: 1,
  max_amount: 10_000,
  is_active: true,
  url: "https://jio.example/api",
  pending_url: null as string | null,
  pause_reason: null,
  low_float: 0,
  etag: "3",
};

test("a maintenance window is set in India's time, on the operator as it was shown", async () => {
  const { requests } = await openPage("/operators", {
    "GET /v1/operators/admin": rows(JIO),
    "PATCH /v1/operators/JIO": JIO,
  });
  const user = userEvent.setup();
  await user.click(await button("Maintenance"));
  const dialog = within(await screen.findByRole("dialog"));
  fill(dialog.getByLabelText("From"), "2026-11-29T00:00");
  fill(dialog.getByLabelText("Until"), "2026-11-29T04:00");
  fill(dialog.getByLabelText("What customers read, in English"), WINDOW.text);
  fill(dialog.getByLabelText("The same in Hindi"), WINDOW.text_hi);
  await user.click(dialog.getByRole("button", { name: "Save" }));
  await screen.findByText("Saved.");
  const [change] = await sent(requests, "PATCH /v1/operators/JIO");
  expect(change?.etag).toBe('"7"');
  expect(change?.body).toEqual({
    maintenance: { ...WINDOW, starts_at: "2026-11-29T00:00:00+05:30", ends_at: "2026-11-29T04:00:00+05:30" },
  });
});

test("a window that is planned stands in the list, and can be ended", async () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const later = new Date(Date.now() + 7_200_000).toISOString();
  const planned = { ...JIO, maintenance: { ...WINDOW, starts_at: soon, ends_at: later } };
  const { requests } = await openPage("/operators", {
    "GET /v1/operators/admin": rows(planned),
    "PATCH /v1/operators/JIO": JIO,
  });
  await screen.findByText("Maintenance planned");
  const user = userEvent.setup();
  await user.click(await button("Maintenance"));
  await user.click(await button("End maintenance"));
  await screen.findByText("Recharges go through again at once, and the text goes away.");
  await user.click(await button("End maintenance"));
  await screen.findByText("Ended.");
  expect((await sent(requests, "PATCH /v1/operators/JIO"))[0]?.body).toEqual({ maintenance: null });
});

test("a window comes, runs and has ended", () => {
  const operator = { ...JIO, maintenance: WINDOW };
  expect(phaseOf(operator, Date.parse("2026-11-28T18:29:59Z"))).toBe("coming");
  expect(phaseOf(operator, Date.parse("2026-11-28T18:30:00Z"))).toBe("running");
  expect(phaseOf(operator, Date.parse("2026-11-28T22:30:00Z"))).toBeNull();
  expect(phaseOf(JIO)).toBeNull();
});

test("a channel that is suspended says so, with how it does", async () => {
  await openPage("/operators/JIO", {
    "GET /v1/operators/admin": rows(JIO),
    "GET /v1/channels": rows(CHANNEL),
    "GET /v1/channels/jio-direct/health": {
      success_percent: 12.5,
      slow_seconds: 9.1,
      pause_reason: null,
      balance: { amount: 42_000 },
      breaker: {
        opened_at: "2026-11-23T06:00:00Z",
        probe_at: "2026-11-23T06:04:00Z",
        failures: 9,
        processes: 2,
      },
    },
  });
  await screen.findByText("Suspended");
  await screen.findByText("12.5 %");
  await screen.findByText(/It failed 9 times in a row/);
});

const WHOLE = {
  "GET /v1/operators/admin": rows(JIO),
  "GET /v1/channels": rows({ ...CHANNEL, pending_url: "https://new.jio.example/api" }),
  "GET /v1/channels/jio-direct/health": {
    success_percent: null,
    slow_seconds: null,
    balance: null,
    breaker: null,
  },
};

test("an address is approved as the person read it", async () => {
  const { requests } = await openPage("/operators/JIO", {
    ...WHOLE,
    "POST /v1/channels/jio-direct/address/approve": CHANNEL,
  });
  await userEvent.click(await button("Approve the address"));
  fill(await field("Type jio-direct to confirm"), "jio-direct");
  await submit("Approve the address");
  await screen.findByText("Approved. Recharges go there.");
  expect((await sent(requests, "POST /v1/channels/jio-direct/address/approve"))[0]?.body).toEqual({
    url: "https://new.jio.example/api",
  });
});

test("new secrets are shown once, and stay until they were read", async () => {
  await openPage("/operators/JIO", {
    ...WHOLE,
    "POST /v1/channels/jio-direct/rotate-secrets": {
      channel: "jio-direct",
      requests_key: "rq-secret",
      callbacks_key: "cb-secret",
      previous_until: "2026-11-24T10:00:00Z",
    },
  });
  await userEvent.click(await button("New secrets"));
  fill(await field("Type jio-direct to confirm"), "jio-direct");
  await submit("New secrets");
  await screen.findByText("rq-secret");
  await screen.findByText("cb-secret");
  await userEvent.click((await screen.findAllByRole("button", { name: "Close" }))[0] as HTMLElement);
  expect(screen.queryByText("rq-secret")).toBeNull();
});

test("only what was changed of a channel is sent, and why it is paused only if it is", async () => {
  const { requests } = await openPage("/operators/JIO", {
    ...WHOLE,
    "PATCH /v1/channels/jio-direct": CHANNEL,
  });
  await userEvent.click((await screen.findAllByRole("button", { name: "Edit" }))[1] as HTMLElement);
  fill(await field("Weight"), "40");
  await userEvent.click(await field("Recharges go through it"));
  fill(await field("Why it is paused"), "works at night");
  await submit("Save");
  await screen.findByText("Saved.");
  expect((await sent(requests, "PATCH /v1/channels/jio-direct"))[0]).toMatchObject({
    etag: '"3"',
    body: { weight: 40, is_active: false, pause_reason: "works at night" },
  });
});

test("a share is typed in per cent", () => {
  expect(["3", "2.75", "0", "0.00", "12.345", "much"].map(basisPointsOf)).toEqual([
    300,
    275,
    0,
    0,
    null,
    null,
  ]);
});

test("an operator is added with its code in capitals", async () => {
  const { requests } = await openPage("/operators", {
    "GET /v1/operators/admin": rows(JIO),
    "POST /v1/operators": JIO,
  });
  await userEvent.click(await button("Add an operator"));
  fill(await field("Code"), "bsnl");
  fill(await field("Full name"), "Bharat Sanchar Nigam");
  fill(await field("Name that customers see"), "BSNL");
  await submit("Add an operator");
  await screen.findByText("Created.");
  expect((await sent(requests, "POST /v1/operators"))[0]?.body).toEqual({
    code: "BSNL",
    name: "Bharat Sanchar Nigam",
    display_name: "BSNL",
    channel: "api",
    is_active: false,
    sort_order: 0,
  });
});
