/// Plans that run or wait, the queue of a number, receipts, and refunds of many recharges at once.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing, WHOLE, withKey } from "#ui/api.ts";
import { useApi } from "#ui/services.tsx";
import type { Place, Recharge } from "./queries.ts";

type Schemas = components["schemas"];
export type BoughtPlan = Schemas["StaffBoughtPlanOut"];
export type QueuedPlan = Schemas["QueuedPlanOut"];
export type Receipt = Schemas["ReceiptOut"];
export type BulkRefunds = Schemas["BulkRefundsOut"];

export interface PlanFilters {
  cursor?: string | undefined;
  status?: "active" | "queued" | undefined;
  phone_number?: string | undefined;
  operator?: string | undefined;
  plan_type?: "prepaid" | "postpaid" | undefined;
  expires_within_days?: string | undefined;
}

export function useBoughtPlans({ cursor, expires_within_days: days, ...filters }: PlanFilters) {
  const query = { ...filters, ...(days ? { expires_within_days: Number(days) } : {}) };
  return usePages<BoughtPlan>(["recharge", "plans", query], cursor, (api, page, signal) =>
    data(api.GET("/v1/recharge/admin/plans", { params: { query: { ...query, ...page } }, signal })),
  );
}

/// All that run on a number, or all that wait.
export function usePlansOf(phone: string | undefined, status: "active" | "queued") {
  return useThing(
    ["recharge", "plans of", phone, status],
    async (api) =>
      (
        await data(
          api.GET("/v1/recharge/admin/plans", {
            params: { query: { phone_number: phone ?? "", status, limit: WHOLE } },
          }),
        )
      ).items,
    { isOn: phone !== undefined },
  );
}

export function useQueue(phone: string | undefined) {
  return useThing(
    ["recharge", "queue", phone],
    (api) =>
      data(api.GET("/v1/recharge/admin/plans/queue", { params: { query: { phone_number: phone ?? "" } } })),
    { isOn: phone !== undefined },
  );
}

const pathOf = ({ userId, rechargeId }: Place) => ({ user_id: userId, recharge_id: rechargeId });

export function useReceipt(place: Place) {
  return useThing(
    ["recharge", "receipt", place.userId, place.rechargeId],
    async (api) =>
      // Its other form is a file.
      (await data(
        api.GET("/v1/recharge/admin/{user_id}/{recharge_id}/receipt", { params: { path: pathOf(place) } }),
      )) as Receipt,
  );
}

export function useReceiptFile() {
  const api = useApi();
  return async (place: Place): Promise<Blob> =>
    (
      await api.GET("/v1/recharge/admin/{user_id}/{recharge_id}/receipt", {
        params: { path: pathOf(place), query: { format: "pdf" } },
        parseAs: "blob",
      })
    ).data as unknown as Blob;
}

export function useQueueActs() {
  const act = useAct("recharge");
  return {
    reorder: (phone: string, recharge_ids: string[], reason: string) =>
      act((api) =>
        api.PUT("/v1/recharge/admin/plans/queue", { body: { phone_number: phone, recharge_ids, reason } }),
      ),
    start: (place: Place, replaced: string | null, reason: string) =>
      act((api) =>
        api.POST("/v1/recharge/admin/{user_id}/{recharge_id}/start", {
          params: { path: pathOf(place) },
          body: { replaced_recharge_id: replaced, reason },
        }),
      ),
    refundMany: (recharges: Recharge[], reason: string, key: string, isDryRun: boolean) =>
      act((api) =>
        data(
          api.POST("/v1/recharge/admin/bulk-refunds", {
            params: { header: withKey(key) },
            body: {
              recharges: recharges.map(({ user_id, recharge_id }) => ({ user_id, recharge_id })),
              reason,
              is_dry_run: isDryRun,
            },
          }),
        ),
      ),
  };
}
