import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";
import { Prose } from "./prose.tsx";

const TEXT = {
  title: "How to recharge",
  summary: "",
  body: "**Pay**",
  button: "",
  html: "<p><strong>Pay</strong></p>",
};
const LATEST = {
  edition: 2,
  created_at: "2026-11-22T00:00:00Z",
  created_by: "a",
  texts: { en: TEXT },
  image: null,
  link: "",
};
const PAGE = {
  content_id: "c1",
  etag: "one",
  slug: "how-to",
  kind: "faq",
  status: "draft",
  position: 1,
  title: "How to recharge",
  latest_edition: 2,
  publications: [],
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-22T00:00:00Z",
  editions: [LATEST, { ...LATEST, edition: 1 }],
  latest: LATEST,
};

test("a page is read as customers read it, and published in India's time", async () => {
  const { requests } = await openPage("/content/c1", {
    "GET /v1/content/admin/c1": PAGE,
    "GET /v1/content/admin/images": rows(),
    "POST /v1/content/admin/c1/publish": PAGE,
  });
  expect(screen.getByText("Pay").tagName).toBe("STRONG");
  const user = userEvent.setup();
  await user.click(await button("Publish"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("From"), "2026-12-01T09:30");
  await user.click(within(dialog).getByRole("button", { name: "Publish" }));
  await screen.findByText("It is published.");
  expect((await sent(requests, "POST /v1/content/admin/c1/publish"))[0]).toMatchObject({
    etag: '"one"',
    body: { edition: 2, active_from: "2026-12-01T09:30:00+05:30", active_until: null },
  });
});

test("of a text's HTML only what is known becomes an element", () => {
  const html =
    '<h2>A &amp; B</h2><p onclick="x()">one<br>two <a href="javascript:alert(1)">bad</a> <a href="/plans">good</a></p>' +
    "<script>alert(1)</script><custom>kept</custom></p><ul><li>open";
  render(<Prose html={html} />);
  expect(screen.getByRole("heading").textContent).toBe("A & B");
  expect(document.querySelector("script, custom, [onclick]")).toBeNull();
  expect(document.body.textContent).not.toContain("alert(1)");
  expect(document.body.textContent).toContain("kept");
  expect([...document.querySelectorAll("a")].map((each) => each.getAttribute("href"))).toEqual(["/plans"]);
  expect(document.querySelector("ul li")?.textContent).toBe("open");
});

test("a page is moved: only what was changed is sent", async () => {
  const { requests } = await openPage("/content/c1", {
    "GET /v1/content/admin/c1": PAGE,
    "GET /v1/content/admin/images": rows(),
    "PATCH /v1/content/admin/c1": PAGE,
  });
  const user = userEvent.setup();
  await user.click(await button("Move"));
  const dialog = await screen.findByRole("dialog");
  fill(within(dialog).getByLabelText("Place in the list"), "7");
  await user.click(within(dialog).getByRole("button", { name: "Save" }));
  await screen.findByText("Saved.");
  expect((await sent(requests, "PATCH /v1/content/admin/c1"))[0]).toMatchObject({
    etag: '"one"',
    body: { position: 7 },
  });
});
