/// Recharges that come by themselves: who has them, when they are due, how they ended.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Autopay = Schemas["StaffAutopayOut"];
export type Attempt = Schemas["AutopayAttemptOut"];

export type Topup = Schemas["StaffAutoTopupOut"];
export type Processed = Schemas["ProcessedOut"];

export interface Filters {
  cursor?: string | undefined;
  status?: Autopay["status"] | undefined;
  payment_method?: Autopay["payment_method"] | undefined;
  phone_number?: string | undefined;
  operator?: string | undefined;
  user_id?: string | undefined;
}

export interface Place {
  userId: string;
  autopayId: string;
}

const pathOf = ({ userId, autopayId }: Place) => ({ user_id: userId, autopay_id: autopayId });
/// Days of the calendar.
const DAYS = 14;

export function useAutopays({ cursor, ...filters }: Filters) {
  return usePages<Autopay>(["autopay", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/autopay/admin", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useCalendar() {
  return useThing(["autopay", "calendar"], (api) =>
    data(api.GET("/v1/autopay/admin/calendar", { params: { query: { days: DAYS } } })),
  );
}

export function useAutopay(place: Place) {
  return useThing(["autopay", "one", place.userId, place.autopayId], (api) =>
    data(api.GET("/v1/autopay/admin/{user_id}/{autopay_id}", { params: { path: pathOf(place) } })),
  );
}

export function useAttempts(place: Place, cursor: string | undefined) {
  return usePages<Attempt>(
    ["autopay", "attempts", place.userId, place.autopayId],
    cursor,
    (api, page, signal) =>
      data(
        api.GET("/v1/autopay/admin/{user_id}/{autopay_id}/attempts", {
          params: { path: pathOf(place), query: page },
          signal,
        }),
      ),
  );
}

export interface TopupFilters {
  cursor?: string | undefined;
  user_id?: string | undefined;
  status?: Topup["status"] | undefined;
  pause_reason?: NonNullable<Topup["pause_reason"]> | undefined;
  is_announced?: "true" | "false" | undefined;
}

export function useTopups({ cursor, is_announced, ...filters }: TopupFilters) {
  const query = { ...filters, ...(is_announced ? { is_announced: is_announced === "true" } : {}) };
  return usePages<Topup>(["autopay", "topups", query], cursor, (api, page, signal) =>
    data(api.GET("/v1/autopay/admin/topups", { params: { query: { ...query, ...page } }, signal })),
  );
}

/// The workers' own job, now: at most so many of those that are due.
export function useProcessDue() {
  const act = useAct("autopay");
  return (limit: number) => act((api) => data(api.POST("/v1/autopay/process-due", { body: { limit } })));
}
