/// What was left when accounts were closed: where it goes, and the proof that it arrived.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { outcomeOf, useAct, usePages } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Payout = Schemas["StaffPayoutOut"];

export interface Filter {
  status?: Payout["status"] | undefined;
  user_id?: string | undefined;
}

export function usePayouts({ status, user_id }: Filter, cursor: string | undefined) {
  const query = { ...(status ? { status } : {}), ...(user_id ? { user_id } : {}) };
  return usePages<Payout>(["payouts", "list", query], cursor, (api, page, signal) =>
    data(api.GET("/v1/payouts/admin", { params: { query: { ...query, ...page } }, signal })),
  );
}

export function useActs() {
  const act = useAct("payouts", "work", "approvals");
  const path = ({ user_id, payout_id }: Payout) => ({ path: { user_id, payout_id } });
  return {
    send: (payout: Payout, body: Schemas["SendPayout"]) =>
      act(async (api) =>
        outcomeOf(
          await api.PUT("/v1/payouts/admin/{user_id}/{payout_id}/payee", { params: path(payout), body }),
        ),
      ),
    settle: (payout: Payout, body: Schemas["SettlePayout"]) =>
      act(async (api) =>
        outcomeOf(
          await api.POST("/v1/payouts/admin/{user_id}/{payout_id}/settle", { params: path(payout), body }),
        ),
      ),
  };
}
