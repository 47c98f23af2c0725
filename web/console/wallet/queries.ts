/// Adjustments of balances: asking for one, and deciding what another admin asked for.
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import { useAct, usePages, useThing, withKey } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Adjustment = Schemas["StaffAdjustmentOut"];
export type Reason = Schemas["AdjustmentReason"];
export type Direction = Schemas["AdjustmentDirection"];
export type Decision = "approve" | "reject" | "cancel";
export type Filters = Pick<
  NonNullable<operations["wallet_staff_list_adjustments"]["parameters"]["query"]>,
  "status" | "direction" | "user_id"
> & { cursor?: string };

export function useAdjustments({ cursor, ...filters }: Filters) {
  return usePages<Adjustment>(["wallet", "adjustments", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/wallet/admin/adjustments", { params: { query: { ...filters, ...page } }, signal })),
  );
}

/// The customer of a number, whom an adjustment names by id; null if there is none.
export function useFound(phone: string | null) {
  return useThing(
    ["users", "by-number", phone],
    async (api) =>
      (await data(api.GET("/v1/users", { params: { query: { phone_number: phone ?? "", limit: 1 } } })))
        .items[0] ?? null,
    { isOn: phone !== null },
  );
}

export function useBalance(userId: string | undefined) {
  return useThing(
    ["wallet", "of", userId],
    (api) =>
      data(api.GET("/v1/wallet/admin/users/{user_id}", { params: { path: { user_id: userId ?? "" } } })),
    { isOn: userId !== undefined },
  );
}

export function useActs() {
  const act = useAct("wallet", "work", "users", "approvals");
  return {
    request: (body: Schemas["AdjustmentCreate"], key: string) =>
      act((api) => api.POST("/v1/wallet/admin/adjustments", { params: { header: withKey(key) }, body })),
    decide: (adjustment: Adjustment, decision: Decision, note: string) =>
      act((api) => {
        const call = {
          params: {
            path: { user_id: adjustment.user_id, adjustment_id: adjustment.adjustment_id },
          },
          body: { note },
        };
        const path = "/v1/wallet/admin/adjustments/{user_id}/{adjustment_id}" as const;
        if (decision === "approve") return api.POST(`${path}/approve`, call);
        if (decision === "reject") return api.POST(`${path}/reject`, call);
        return api.POST(`${path}/cancel`, call);
      }),
  };
}
