import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { openPage, sent } from "../test_pages.tsx";
import { spanOf } from "./figures_page.tsx";

test("times of enquiries are shown in a person's words, and a category leads to its enquiries", async () => {
  const took = { count: 4, p50: 300, p90: 7_200, p99: 273_600 };
  const none = { count: 0, p50: null, p90: null, p99: null };
  expect(spanOf(took)).toBe("5 min · 2 h 0 min · 3 d 4 h");
  expect(spanOf(none)).toBeNull();
  const { requests } = await openPage("/enquiries/figures?from=2026-11-01", {
    "GET /v1/contact/admin/figures": {
      categories: [
        {
          category: "refund",
          received: 4,
          open: 1,
          answered: 3,
          resolved: 0,
          first_answer_seconds: took,
          resolution_seconds: none,
        },
      ],
      first_answer_seconds: took,
      resolution_seconds: none,
    },
  });
  expect(screen.getAllByText("5 min · 2 h 0 min · 3 d 4 h")).toHaveLength(2);
  const link = screen.getByRole("link", { name: "Refund" });
  expect(link.getAttribute("href")).toBe("/console/enquiries?category=refund");
  expect((await sent(requests, "GET /v1/contact/admin/figures"))[0]?.query).toEqual({ from: "2026-11-01" });
});
