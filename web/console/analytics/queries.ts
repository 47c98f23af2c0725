/// Figures of an area, and their chart as the API draws it.
import { useEffect, useState } from "react";
import { data } from "#shared/api.ts";
import { useThing } from "#ui/api.ts";
import type { AreaName } from "./areas.ts";

export interface Period {
  from?: string | undefined;
  to?: string | undefined;
  operator?: string | undefined;
}

/// `{count, amount}` of an area, or a number of what was counted first.
export type Total = number | null | { count: number; amount?: number };

export interface Part {
  key: string;
  name?: string | null;
  count?: number;
  delivered?: number;
  percent: number | null;
  paid?: number;
  amount?: number | null;
}

/// What the figures of all areas have in common: each has totals, distributions and ranks of its own.
export interface Figures {
  counted_at: string | null;
  first_day: string;
  last_day: string;
  totals: Record<string, Total>;
  growth?: { week_over_week_percent: number | null; month_over_month_percent: number | null };
  distributions: Record<string, Part[]>;
  top?: Record<string, Part[]>;
  steps?: { step: string; count: number; percent_of_first: number | null }[];
}

function given(period: Period) {
  return Object.fromEntries(
    Object.entries(period).filter(([, value]) => value !== undefined && value !== ""),
  );
}

export function useFigures(area: AreaName, period: Period) {
  return useThing(
    ["analytics", area, period],
    async (api, signal) =>
      (await data(
        // The areas differ in what they count, not in how they are asked.
        api.GET(`/v1/analytics/${area}` as "/v1/analytics/transactions", {
          params: { query: given(period) },
          signal,
        }),
      )) as unknown as Figures,
    { keepsOld: true },
  );
}

export interface Chart extends Period {
  show: string;
  measure: string;
  theme: "light" | "dark";
}

/// The address of the chart's picture in this page. It is asked for with the session, which an `img` can't.
export function useChart(area: AreaName, chart: Chart) {
  const query = useThing(
    ["analytics", "chart", area, chart],
    async (api, signal) =>
      (
        await api.GET(`/v1/analytics/${area}/chart.{format}` as "/v1/analytics/transactions/chart.{format}", {
          params: { path: { format: "svg" }, query: given(chart) as never },
          parseAs: "blob",
          signal,
        })
      ).data as unknown as Blob,
    { keepsOld: true },
  );
  const [address, setAddress] = useState<string | null>(null);
  const picture = query.data;
  useEffect(() => {
    if (!picture) return;
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return { address, query };
}

const DARK = "(prefers-color-scheme: dark)";

/// The theme that is shown: what was chosen in this browser, else the system's.
function shownTheme(): "light" | "dark" {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return globalThis.matchMedia?.(DARK).matches ? "dark" : "light";
}

export function useTheme(): "light" | "dark" {
  const [theme, setTheme] = useState(shownTheme);
  useEffect(() => {
    const update = () => setTheme(shownTheme());
    const system = globalThis.matchMedia?.(DARK);
    system?.addEventListener("change", update);
    const watch = new MutationObserver(update);
    watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      system?.removeEventListener("change", update);
      watch.disconnect();
    };
  }, []);
  return theme;
}
