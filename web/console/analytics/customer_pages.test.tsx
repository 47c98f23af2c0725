import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { BOSS, openPage, sent } from "../test_pages.tsx";
import { widthOf } from "./cohorts_page.tsx";

const AT = "2026-11-23T01:00:00Z";

test("a month that has not come stands empty in the triangle of retention", async () => {
  const month = (months_after: number, percent: number) => ({
    months_after,
    customers: percent,
    percent,
    recharges: 1,
    paid: 1,
  });
  const cohorts = [
    { month: "2026-09", customers: 100, months: [month(0, 100), month(1, 62.5), month(2, 40)] },
    { month: "2026-11", customers: 80, months: [month(0, 100)] },
  ];
  expect(widthOf(cohorts)).toBe(3);
  expect(widthOf([])).toBe(0);
  const { requests } = await openPage("/analytics/cohorts?operator=JIO", {
    "GET /v1/analytics/cohorts": { counted_at: AT, cohorts },
  });
  const cells = screen
    .getAllByRole("row")
    .map((row) =>
      within(row)
        .queryAllByRole("cell")
        .map((cell) => cell.textContent),
    )
    .slice(1);
  expect(cells).toEqual([
    ["100", "100 %", "62.5 %", "40.0 %"],
    ["80", "100 %", "", ""],
  ]);
  expect((await sent(requests, "GET /v1/analytics/cohorts"))[0]?.query).toEqual({ operator: "JIO" });
});

test("segments say their rule, and what they bring", async () => {
  await openPage("/analytics/segments", {
    "GET /v1/analytics/segments": {
      counted_at: AT,
      customers: 1_500,
      segments: [{ key: "champions", customers: 300, percent: 20, recharges: 3_000, paid: 1_000_000 }],
    },
  });
  expect(await screen.findByText("1,500")).toBeTruthy();
  expect(screen.getByText(/8 times or more and for ₹2,500/)).toBeTruthy();
  expect(screen.getByText("₹10,00,000.00")).toBeTruthy();
});

test("what can't be expected yet is left open, and a plan that ends leads to itself", async () => {
  await openPage("/analytics/forecast", {
    "GET /v1/analytics/forecast": {
      counted_at: AT,
      days: [{ day: "2026-11-23", ending: 12, expected_renewals: null }],
      operator: [{ key: "JIO", ending: 12, expected_renewals: 9 }],
      circle: [],
      plan: [{ key: "p1", name: "Jio ₹299", ending: 12, expected_renewals: 9 }],
      rates: [{ operator: "JIO", ended: 40, renewed: 30, percent: 75 }],
    },
  });
  expect((await screen.findByRole("link", { name: /Jio ₹299/ })).getAttribute("href")).toBe(
    "/console/plans/p1",
  );
  expect(screen.getByText(/75\.0 %/)).toBeTruthy();
  expect(screen.getByRole("cell", { name: "12" }).nextElementSibling?.textContent).toBe("–");
});

test("campaigns are shown against those left out", async () => {
  const figures = {
    counted_at: AT,
    first_day: "2026-10-25",
    last_day: "2026-11-23",
    totals: {
      campaigns: 1,
      reached: 900,
      control: 100,
      shown: 50,
      used: 40,
      cost: 400,
      revenue: 9_000,
      extra_revenue: -120.5,
    },
    campaigns: [],
  };
  await openPage("/analytics/campaigns", { "GET /v1/analytics/campaigns": figures });
  expect(await screen.findByText("−₹120.50")).toBeTruthy();
});

test("the way to campaigns is there for who may read offers", async () => {
  const { requests } = await openPage(
    "/analytics/segments",
    { "GET /v1/analytics/segments": { counted_at: null, customers: 0, segments: [] } },
    { ...BOSS, permissions: ["Analytics:read"] },
  );
  const links = [...document.querySelectorAll(".lead a")].map((each) => each.textContent);
  expect(links.at(-1)).toBe("Forecast");
  expect(requests.some((each) => each.url.includes("campaigns"))).toBe(false);
});
