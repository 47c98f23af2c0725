import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { fill, openPage, rows, sent } from "../test_pages.tsx";
import { refusal } from "../test_world.tsx";

const ROLE = {
  role_id: "r1",
  etag: "one",
  name: "Night shift",
  description: "",
  permissions: ["Users:read", "Wallet:read"],
  permissions_version: 1,
  admins: 2,
  seeded: false,
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-01T00:00:00Z",
};
const group = (resource: string) => ({
  resource,
  permissions: ["read", "edit"].map((each) => ({
    permission: `${resource}:${each}`,
    description: `${each} ${resource}`,
  })),
});

test("a permission that is given to a role leaves what another admin gave it meanwhile", async () => {
  let role: object = ROLE;
  const { requests } = await openPage("/roles", {
    "GET /v1/roles": () => rows(role),
    "GET /v1/roles/permissions": rows(group("Users"), group("Wallet"), group("Plans")),
    "PUT /v1/roles/r1": (request: Request) =>
      request.headers.get("If-Match") === '"two"' ? role : refusal(412, "precondition_failed"),
  });
  expect(screen.getByRole("row", { name: /^Users see/ })).toBeTruthy();
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Edit" }));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByLabelText("edit Users"));
  await user.click(within(dialog).getByLabelText("read Wallet"));
  fill(within(dialog).getByLabelText("Reason"), "for the night");
  role = { ...ROLE, etag: "two", permissions: [...ROLE.permissions, "Plans:read"] };
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await user.click(await within(dialog).findByRole("button", { name: /put mine on top/ }));
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await screen.findByText("Saved.");
  const [, second] = await sent(requests, "PUT /v1/roles/r1");
  expect(second?.body.permissions.sort()).toEqual(["Plans:read", "Users:edit", "Users:read"]);
});
