/// For tests of whole pages: the console at an address, as an admin sees it, against an API whose answers a test gives.
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect } from "vitest";
import { App } from "./frame/app.tsx";
import { ADMIN, type Answers, refusal, type Stage, stage } from "./test_world.tsx";
import { Pages, router } from "./wiring.tsx";

/// What the frame and the start page ask for.
const QUIET: Answers = {
  "GET /v1/notifications/unread-count": { unread_count: 0 },
  "GET /v1/notifications/stream": refusal(403, "permission_denied"),
  "GET /v1/analytics/live": refusal(403, "permission_denied"),
  "GET /v1/approvals": { items: [], next_cursor: null },
  "GET /v1/recharge/admin": { items: [], next_cursor: null },
  "GET /v1/work/summary": { kinds: [] },
  "GET /health/ready": { status: "ok", stores: {} },
};

const RESOURCES =
  "Users Admins Roles Plans PlanGroups Offers OfferTypes Recharge Wallet Payments Autopay Referrals Operators Notifications " +
  "Announcements Content Contact Backups Reports Analytics Audit Sessions PersonalData";
/// An admin who may do everything.
export const BOSS = {
  ...ADMIN,
  role: "SuperAdmin",
  permissions: RESOURCES.split(" ").flatMap((each) =>
    ["read", "write", "edit", "delete"].map((act) => `${each}:${act}`),
  ),
};

/// Opens a page, and returns when it has its title.
export async function openPage(path: string, answers: Answers, admin: object = BOSS): Promise<Stage> {
  // A page that the same test opened before would be a second one in the document, with a menu of its own.
  cleanup();
  const { world, requests } = stage({ ...QUIET, "GET /v1/admins/me": admin, ...answers });
  world.session.begin({ access_token: "one", expires_in: 900 });
  await act(async () => {
    // What is shown after it is awaited below: without a page around it, the router waits for the one of the last test.
    void router.navigate({ href: path });
    render(<App world={world} Pages={Pages} />);
  });
  await screen.findByRole("navigation", { name: "Menu" });
  // Until then the page of the last test may be in view.
  await waitFor(() =>
    expect(router.state.resolvedLocation?.pathname).toBe(new URL(path, location.origin).pathname),
  );
  await waitFor(() => expect(document.querySelector("main h1")).toBeTruthy());
  await waitFor(() => expect(document.querySelector("main [aria-busy=true], main .skeleton")).toBeNull());
  return { world, requests };
}

/// The path of the page that is open, below /console.
export const shownPath = () => router.state.location.pathname;

/// A page of a list, with these rows and no more.
export const rows = (...items: unknown[]) => ({ items, next_cursor: null });

/// What was sent to a path by a method: its body, and the headers that matter.
export async function sent(requests: Request[], what: string) {
  const found = requests.filter((each) => `${each.method} ${new URL(each.url).pathname}` === what);
  return Promise.all(
    found.map(async (each) => ({
      body: await each
        .clone()
        .json()
        .catch(() => null),
      etag: each.headers.get("If-Match"),
      key: each.headers.get("Idempotency-Key"),
      query: Object.fromEntries(new URL(each.url).searchParams),
    })),
  );
}

export const button = (name: string | RegExp) => screen.findByRole("button", { name });

/// Fills a field at once: a key at a time takes seconds.
export function fill(field: HTMLElement, value: string): void {
  fireEvent.change(field, { target: { value } });
}

/// The dialog that is open.
export const dialogNow = () =>
  waitFor(() => {
    const found = screen.queryByRole("alertdialog") ?? screen.queryByRole("dialog");
    if (!found) throw new Error("no dialog is open");
    return found;
  });
/// Presses a button of it.
export const submit = async (name: string) =>
  userEvent.click(within(await dialogNow()).getByRole("button", { name }));
/// A field of it.
export const field = async (label: string) => within(await dialogNow()).findByLabelText(label);
