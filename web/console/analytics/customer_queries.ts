/// Figures that are counted each night: segments, retention, the plans that end; and those of campaigns.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Cohort = Schemas["Cohort"];
export type Segment = Schemas["SegmentPart"];
export type ForecastPart = Schemas["ForecastPart"];
export type CampaignFigures = Schemas["CampaignFiguresOut"];

const of = (operator: string | undefined) => (operator ? { operator } : {});

export function useSegments(operator: string | undefined) {
  return useThing(
    ["analytics", "segments", operator],
    (api, signal) => data(api.GET("/v1/analytics/segments", { params: { query: of(operator) }, signal })),
    { keepsOld: true },
  );
}

export function useCohorts(operator: string | undefined) {
  return useThing(
    ["analytics", "cohorts", operator],
    (api, signal) => data(api.GET("/v1/analytics/cohorts", { params: { query: of(operator) }, signal })),
    { keepsOld: true },
  );
}

export function useForecast(operator: string | undefined) {
  return useThing(
    ["analytics", "forecast", operator],
    (api, signal) => data(api.GET("/v1/analytics/forecast", { params: { query: of(operator) }, signal })),
    { keepsOld: true },
  );
}

export function useCampaignFigures(period: { from?: string | undefined; to?: string | undefined }) {
  return useThing(
    ["analytics", "campaigns", period],
    (api, signal) => data(api.GET("/v1/analytics/campaigns", { params: { query: period }, signal })),
    { keepsOld: true },
  );
}
