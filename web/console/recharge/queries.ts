/// What the pages of recharges read and do.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import type { Outcome } from "#ui/api.ts";
import { type List, useList } from "#ui/list.ts";
import type { Refund } from "#ui/refund.tsx";
import { useApi, useMay } from "#ui/services.tsx";

type Schemas = components["schemas"];
export type Recharge = Schemas["StaffRechargeOut"];
export type Status = Schemas["RechargeStatus"];
export type Story = Schemas["StoryOut"];

export type Filters = Pick<
  NonNullable<operations["recharge_staff_list"]["parameters"]["query"]>,
  "cursor" | "status" | "phone_number" | "operator" | "payment_method" | "reference" | "user_id" | "sort"
>;

const LIMIT = 50;
/// How often the story of a recharge that has not ended is read again, in milliseconds.
const WATCH_MS = 3_000;

export function useRecharges({ cursor, ...filters }: Filters): List<Recharge> {
  const api = useApi();
  return useList<Recharge>({
    key: ["recharge", "list", filters],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/recharge/admin", {
          params: { query: { ...filters, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

export interface Place {
  userId: string;
  rechargeId: string;
}

const pathOf = ({ userId, rechargeId }: Place) => ({ path: { user_id: userId, recharge_id: rechargeId } });

export function useStory(place: Place) {
  const api = useApi();
  return useQuery({
    queryKey: ["recharge", "story", place.userId, place.rechargeId],
    queryFn: () =>
      data(api.GET("/v1/recharge/admin/{user_id}/{recharge_id}/story", { params: pathOf(place) })),
    refetchInterval: (query) => (query.state.data?.waits_for ? WATCH_MS : false),
  });
}

export function useMayEdit(): boolean {
  return useMay()("Recharge:edit", { scoped: true });
}

export function useActs(place: Place) {
  const api = useApi();
  const client = useQueryClient();
  const reread = () => client.invalidateQueries({ queryKey: ["recharge"] });

  async function resolve(values: Record<string, string>): Promise<Outcome> {
    const body = {
      outcome: values.outcome === "delivered" ? ("delivered" as const) : ("failed" as const),
      reason: values.reason ?? "",
      ...(values.operator_reference ? { operator_reference: values.operator_reference } : {}),
    };
    try {
      const answer = await api.POST("/v1/recharge/admin/{user_id}/{recharge_id}/resolve", {
        params: pathOf(place),
        body,
      });
      return answer.response.status === 202 ? "waits" : "done";
    } finally {
      await reread();
    }
  }

  async function refund({ amount, reason, destination }: Refund, key: string): Promise<Outcome> {
    const body = {
      amount,
      destination: destination === "source" ? ("source" as const) : ("wallet" as const),
      reason,
    };
    try {
      const answer = await api.POST("/v1/recharge/admin/{user_id}/{recharge_id}/refund", {
        params: { ...pathOf(place), header: { "Idempotency-Key": key } },
        body,
      });
      return answer.response.status === 202 ? "waits" : "done";
    } finally {
      await reread();
    }
  }

  return { resolve, refund };
}
