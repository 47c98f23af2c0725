/// Payments through the gateway: reading and refunding them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import type { Outcome } from "#ui/api.ts";
import { type List, type PageOf, useList } from "#ui/list.ts";
import type { Refund } from "#ui/refund.tsx";
import { useApi } from "#ui/services.tsx";

type Answer = operations["payments_staff_list"]["responses"][200]["content"]["application/json"];
export type Payment = Answer["items"][number];
export type Status = components["schemas"]["PaymentStatus"];
export type Filters = Pick<
  NonNullable<operations["payments_staff_list"]["parameters"]["query"]>,
  "cursor" | "status" | "payment_method" | "reference" | "user_id"
>;

const LIMIT = 50;

export function usePayments({ cursor, ...filters }: Filters): List<Payment> {
  const api = useApi();
  return useList<Payment>({
    key: ["payments", "list", filters],
    cursor,
    read: (from, signal): Promise<PageOf<Payment>> =>
      data(
        api.GET("/v1/payments/admin", {
          params: { query: { ...filters, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

export interface Place {
  userId: string;
  paymentId: string;
}

const pathOf = ({ userId, paymentId }: Place) => ({ user_id: userId, payment_id: paymentId });

export function usePayment(place: Place) {
  const api = useApi();
  return useQuery({
    queryKey: ["payments", "one", place.userId, place.paymentId],
    queryFn: () =>
      data(api.GET("/v1/payments/admin/{user_id}/{payment_id}", { params: { path: pathOf(place) } })),
  });
}

export function useRefund(place: Place) {
  const api = useApi();
  const client = useQueryClient();
  return async ({ amount, reason }: Refund, key: string): Promise<Outcome> => {
    const body = { amount, reason };
    try {
      const answer = await api.POST("/v1/payments/admin/{user_id}/{payment_id}/refunds", {
        params: { path: pathOf(place), header: { "Idempotency-Key": key } },
        body,
      });
      return answer.response.status === 202 ? "waits" : "done";
    } finally {
      await client.invalidateQueries({ queryKey: ["payments"] });
    }
  };
}
