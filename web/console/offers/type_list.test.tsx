import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";

const TYPE = { offer_type_id: "t1", etag: "5", name: "Festival", description: "", offer_count: 2 };
const EMPTY = { ...TYPE, offer_type_id: "t2", name: "Monsoon", offer_count: 0 };

test("a type is made, changed, and deleted only if no offer has it", async () => {
  const { requests } = await openPage("/offers/types", {
    "GET /v1/offers/types/admin": rows(TYPE, EMPTY),
    "POST /v1/offers/types": TYPE,
    "PATCH /v1/offers/types/t1": TYPE,
    "DELETE /v1/offers/types/t2": new Response(null, { status: 204 }),
  });
  expect(screen.getAllByRole("button", { name: "Delete" })).toHaveLength(1);
  await userEvent.click(await button("New type"));
  fill(await field("Name"), "Holi");
  await submit("Create");
  await screen.findByText("Created.");
  expect((await sent(requests, "POST /v1/offers/types"))[0]?.body).toEqual({ name: "Holi", description: "" });
  await userEvent.click((await screen.findAllByRole("button", { name: "Edit" }))[0] as HTMLElement);
  fill(await field("Description"), "Diwali and Holi");
  await submit("Save");
  await screen.findByText("Saved.");
  expect((await sent(requests, "PATCH /v1/offers/types/t1"))[0]).toMatchObject({
    etag: '"5"',
    body: { description: "Diwali and Holi" },
  });
  await userEvent.click(await button("Delete"));
  await submit("Delete");
  await screen.findByText("Deleted.");
  expect(await sent(requests, "DELETE /v1/offers/types/t2")).toHaveLength(1);
});
