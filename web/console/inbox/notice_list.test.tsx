import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { placeOf } from "#ui/subjects.ts";
import { openPage, rows, sent, shownPath } from "../test_pages.tsx";

const STUCK = {
  notification_id: "n1",
  type: "transactional",
  kind: "recharge_stuck",
  title: "Recharge stuck",
  body: "Jio 299 has been under way for 16 minutes.",
  data: { user_id: "u1", recharge_id: "r1", channel: "jio-a" },
  subject: "recharge",
  created_at: "2026-11-23T10:00:00Z",
  viewed_at: null,
};
const OWN = {
  ...STUCK,
  notification_id: "n2",
  title: "New sign-in",
  data: { session_id: "s1" },
  subject: "session",
  viewed_at: "2026-11-23T10:01:00Z",
};

beforeEach(() => localStorage.clear());

test("a notice leads to what it is about, and is seen then", async () => {
  const { requests } = await openPage("/notifications", {
    "GET /v1/notifications": { ...rows(STUCK, OWN), unread_count: 1 },
    "POST /v1/notifications/n1/viewed": { ...STUCK, viewed_at: "2026-11-23T10:02:00Z" },
  });
  const link = await screen.findByRole<HTMLAnchorElement>("link", { name: "Recharge stuck" });
  expect(link.getAttribute("href")).toBe("/console/recharges/u1/r1");
  expect(screen.queryByRole("link", { name: "New sign-in" })).toBeNull();
  await userEvent.click(link);
  await waitFor(() => expect(shownPath()).toBe("/recharges/u1/r1"));
  expect(await sent(requests, "POST /v1/notifications/n1/viewed")).toHaveLength(1);
});

test("the bell leads there, too, and to all notices", async () => {
  await openPage("/approvals", {
    "GET /v1/notifications": { ...rows(STUCK), unread_count: 1 },
    "POST /v1/notifications/n1/viewed": STUCK,
  });
  await userEvent.click(screen.getByRole("button", { name: "Notifications" }));
  const link = await screen.findByRole<HTMLAnchorElement>("link", { name: "Recharge stuck" });
  expect(link.getAttribute("href")).toBe("/console/recharges/u1/r1");
  await userEvent.click(screen.getByRole("link", { name: "All notifications" }));
  await waitFor(() => expect(shownPath()).toBe("/notifications"));
  // What was opened over the page is closed.
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("every kind of subject that the staff are told of has a page", () => {
  const subject = (type: string, id: string | null) =>
    placeOf({ subject: type, data: id ? { [`${type}_id`]: id } : {} });
  const types = [
    "recharge",
    "payment",
    "backup",
    "announcement",
    "approval",
    "autopay",
    "channel",
    "endpoint",
  ];
  for (const type of [...types, "payout"]) expect(subject(type, "1")?.to).toBeTruthy();
  expect(placeOf({ subject: "backup", data: { backup: "b1" } })).toEqual({
    to: "/backups/$backup",
    params: { backup: "b1" },
  });
  // Without its customer a recharge has no page of its own.
  expect(subject("recharge", "r1")).toEqual({ to: "/recharges" });
  expect(subject("session", "s1")).toBeNull();
  expect(placeOf({ subject: null, data: {} })).toBeNull();
});
