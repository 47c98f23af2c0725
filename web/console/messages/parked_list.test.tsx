import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BOSS, button, openPage, rows, sent, submit } from "../test_pages.tsx";

const PARKED = {
  message_id: "m1",
  recipient_kind: "user",
  recipient_id: "u1",
  address: "+91••••••3210",
  reason: "no_provider",
  channel: "sms",
  kind: "recharge_failed",
  type: "transactional",
  attempts: 8,
  last_error: "503",
  created_at: "2026-11-22T10:00:00Z",
  parked_at: "2026-11-22T11:00:00Z",
};

test("one message is sent again, and then all that the filters show", async () => {
  const { requests } = await openPage("/messages?reason=no_provider&channel=sms", {
    "GET /v1/messages/parked": rows(PARKED),
    "POST /v1/messages/parked/m1/resend": { count: 1 },
    "POST /v1/messages/parked/resend": { count: 7 },
  });
  await userEvent.click(await button("Send again"));
  await submit("Send again");
  await screen.findByText("1 message is on its way.");
  await userEvent.click(await button("Send all of these again"));
  await submit("Send again");
  await screen.findByText("7 messages are on their way.");
  expect(await sent(requests, "POST /v1/messages/parked/m1/resend")).toHaveLength(1);
  expect((await sent(requests, "POST /v1/messages/parked/resend"))[0]?.body).toEqual({
    reason: "no_provider",
    channel: "sms",
    kind: null,
  });
});

test("who may only read can't send again", async () => {
  const reader = { ...BOSS, permissions: ["Notifications:read"] };
  await openPage("/messages", { "GET /v1/messages/parked": rows(PARKED) }, reader);
  expect(screen.queryByRole("button", { name: /again/ })).toBeNull();
});

test("costs stand by day and channel, with their sum", async () => {
  const { requests } = await openPage("/messages/costs?from=2026-11-01", {
    "GET /v1/messages/costs": {
      total: 12.5,
      by_day: [{ day: "2026-11-02", channel: "sms", messages: 40, units: 50, cost: 12.5 }],
    },
  });
  expect(await screen.findAllByText("₹12.50")).toHaveLength(2);
  expect((await sent(requests, "GET /v1/messages/costs"))[0]?.query).toEqual({ from: "2026-11-01" });
});
