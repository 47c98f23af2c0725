/// Postpaid bills as they were when customers fetched them.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Bill = Schemas["StaffBillOut"];

export interface Filters {
  cursor?: string | undefined;
  status?: Bill["status"] | undefined;
  phone_number?: string | undefined;
  operator?: string | undefined;
  user_id?: string | undefined;
}

const WATCH_MS = 5_000;

export function useBills({ cursor, ...filters }: Filters) {
  return usePages<Bill>(["bills", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/bills/admin", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useBill(userId: string, billId: string) {
  return useThing(
    ["bills", "one", userId, billId],
    (api) =>
      data(
        api.GET("/v1/bills/admin/{user_id}/{bill_id}", {
          params: { path: { user_id: userId, bill_id: billId } },
        }),
      ),
    { again: (bill) => (bill.status === "paying" ? WATCH_MS : false) },
  );
}
