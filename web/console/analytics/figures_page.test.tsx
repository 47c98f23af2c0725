import { screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { BOSS, openPage, sent } from "../test_pages.tsx";
import { areaOf, rowsOf } from "./areas.ts";

const FIGURES = {
  counted_at: "2026-11-23T04:00:00Z",
  first_day: "2026-10-25",
  last_day: "2026-11-23",
  totals: { delivered: 1_234, paid: 99_999.5, success_percent: 97.25 },
  distributions: { operator: [{ key: "JIO", name: "Jio", count: 900, percent: 72.9, paid: 1 }] },
  top: { plans: [{ key: "p1", name: "Jio ₹299", count: 40, percent: 3.2, paid: 1 }] },
};
const SVG = () => new Response("<svg/>", { headers: { "Content-Type": "image/svg+xml" } });

test("totals, the API's own chart, and each part leads to the rows behind it", async () => {
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: () => "blob:chart", revokeObjectURL: () => undefined }),
  );
  const { requests } = await openPage("/analytics?area=transactions&measure=paid&from=2026-11-01", {
    "GET /v1/analytics/transactions": FIGURES,
    "GET /v1/analytics/transactions/chart.svg": SVG,
  });
  expect(await screen.findByText("1,234")).toBeTruthy();
  expect(screen.getByText("₹99,999.50")).toBeTruthy();
  const chart = await screen.findByRole("img", { name: /^Paid, Day by day/ });
  expect(chart.getAttribute("src")).toBe("blob:chart");
  const [asked] = await sent(requests, "GET /v1/analytics/transactions/chart.svg");
  expect(asked?.query).toMatchObject({ show: "trend", measure: "paid", theme: "light", from: "2026-11-01" });
  expect(screen.getByRole("link", { name: /Jio 900/ }).getAttribute("href")).toBe(
    "/console/recharges?operator=JIO",
  );
  expect(screen.getByRole("link", { name: /299/ }).getAttribute("href")).toBe("/console/plans/p1");
  vi.unstubAllGlobals();
});

test("an area that the role does not show is not offered", async () => {
  await openPage(
    "/analytics",
    { "GET /v1/analytics/transactions": FIGURES, "GET /v1/analytics/transactions/chart.svg": SVG },
    { ...BOSS, permissions: ["Analytics:read", "Recharge:read"] },
  );
  const names = await waitFor(() => {
    const found = [...document.querySelectorAll("select option")].map((each) => each.textContent);
    expect(found).toContain("Delivery");
    return found;
  });
  expect(names).not.toContain("Admins");
});

test("an unknown area shows recharges, and a part without a list leads nowhere", () => {
  expect(areaOf("nonsense")).toBe("transactions");
  expect(rowsOf("transactions", "hour", "12")).toBeNull();
  expect(rowsOf("users", "operator", "JIO")).toBeNull();
});
