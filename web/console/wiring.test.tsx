import { act, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { App } from "./frame/app.tsx";
import { roomOf } from "./frame/shell.tsx";
import { ADMIN, type Answers, refusal, stage } from "./test_world.tsx";
import { mayOf } from "./ui/services.tsx";
import { Pages, ROOMS, router } from "./wiring.tsx";

const QUIET: Answers = {
  "GET /v1/notifications/unread-count": { unread_count: 0 },
  "GET /v1/notifications/stream": refusal(403, "permission_denied"),
  "GET /v1/analytics/live": refusal(403, "permission_denied"),
  "GET /v1/approvals": { items: [], next_cursor: null },
  "GET /v1/recharge/admin": { items: [], next_cursor: null },
  "GET /health/ready": { status: "ok", stores: {} },
};

async function open(path: string, admin: object, answers: Answers = {}) {
  const { world, requests } = stage({ ...QUIET, "GET /v1/admins/me": admin, ...answers });
  world.session.begin({ access_token: "one", expires_in: 900 });
  await act(async () => {
    // What is shown after it is awaited below: without a page around it, the router waits for the one of the last test.
    void router.navigate({ href: path });
    render(<App world={world} Pages={Pages} />);
  });
  await screen.findByRole("navigation");
  return { world, requests };
}

beforeEach(() => localStorage.clear());

test("the menu has what the role allows", async () => {
  await open("/", { ...ADMIN, permissions: ["Recharge:read"] });
  const entries = [...document.querySelectorAll(".menu-link")].map((each) => each.textContent);
  expect(entries).toContain("Recharges");
  expect(entries).not.toContain("Customers");
});

test("an admin who is limited to some operators sees which, and no page about all of them", async () => {
  await open("/customers", { ...ADMIN, operator_scope: ["JIO", "VI"] });
  expect(screen.getByText("Only JIO, VI")).toBeTruthy();
  expect(await screen.findByText(/covers only some/)).toBeTruthy();
});

test("an address that was guessed says what is missing, and asks the API for nothing", async () => {
  const { requests } = await open("/customers", { ...ADMIN, permissions: ["Recharge:read"] });
  expect(await screen.findByText(/Users:read/)).toBeTruthy();
  expect(requests.some((each) => each.url.includes("/v1/users"))).toBe(false);
});

test("the innermost page of each room that a role does not show says so in one sentence to whoever guesses its address", async () => {
  const { requests } = await open("/", { ...ADMIN, permissions: [] });
  const main = await screen.findByRole("main");
  const asked = requests.length;
  for (const room of ROOMS.filter((each) => each.permission !== null)) {
    const path = room.routes.at(-1)?.fullPath.replace(/\$\w+/g, "x") ?? "";
    await act(() => router.navigate({ href: path }));
    await waitFor(() => expect(main.textContent).toContain(`It takes ${room.permission}.`));
    expect(main.querySelectorAll("p, [role=alert], .skeleton, [aria-busy=true]")).toHaveLength(1);
  }
  expect(requests.slice(asked).map((each) => each.url)).toEqual([]);
});

test("a page that takes more than its room says so, and is one of the room's", async () => {
  await open("/autopay/topups", { ...ADMIN, permissions: ["Autopay:read"], operator_scope: ["JIO"] });
  expect(await screen.findByText(/covers only some/)).toBeTruthy();
  await act(() => router.navigate({ href: "/autopay" }));
  await waitFor(() => expect(screen.queryByText(/covers only some/)).toBeNull());
  for (const room of ROOMS) {
    const paths: string[] = room.routes.map((route) => route.fullPath);
    for (const path of Object.keys("pages" in room ? room.pages : {})) expect(paths).toContain(path);
  }
});

test("an address that leads nowhere says so inside the frame", async () => {
  await open("/no/such/page", ADMIN);
  expect(await screen.findByText("There is no such page")).toBeTruthy();
  expect(screen.getByRole("main").textContent).toContain("There is no such page");
});

test("a session that ends elsewhere shows the sign-in with the reason", async () => {
  const { world } = await open("/", ADMIN);
  act(() => world.session.end("admin_blocked"));
  expect(await screen.findByText(/Your account is blocked/)).toBeTruthy();
  expect(screen.queryByRole("navigation")).toBeNull();
});

test("the API away is said, and that nothing is lost", async () => {
  const { world } = await open("/", ADMIN);
  act(() => world.connection.unavailable());
  await waitFor(() => expect(screen.getByText(/not available just now/)).toBeTruthy());
  act(() => world.connection.answered());
  await waitFor(() => expect(screen.queryByText(/not available just now/)).toBeNull());
});

test("each room has pages of its own, under its first one", () => {
  const paths = ROOMS.map((room) => room.menu.to);
  expect(new Set(paths).size).toBe(paths.length);
  for (const room of ROOMS) {
    for (const route of room.routes) expect(roomOf(ROOMS, route.fullPath)?.name).toBe(room.name);
  }
});

test("a permission that a room names is one that the API has", () => {
  for (const room of ROOMS)
    expect(room.permission ?? "Users:read").toMatch(/^[A-Z]\w+:(read|write|edit|delete)$/);
});

test("a scoped admin may do only what their routes admit", () => {
  const may = mayOf({ ...ADMIN, operator_scope: ["JIO"] });
  expect([may("Users:read"), may("Recharge:read", { scoped: true }), may(null)]).toEqual([false, true, true]);
});
