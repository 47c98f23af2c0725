/// What the pages of customers read and do.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { type List, useList } from "#ui/list.ts";
import { useApi, useMay } from "#ui/services.tsx";

type Schemas = components["schemas"];
export type User = Schemas["StaffUserOut"];
export type Recharge = Schemas["StaffRechargeOut"];
export type Transaction = Schemas["StaffTransactionOut"];
export type BoughtPlan = Schemas["BoughtPlanOut"];

export interface UserSession {
  session_id: string;
  device: string;
  address: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
}

/// What the rooms of the API say about a customer; its document calls them anything.
export interface Rooms {
  wallet?: { balance: number; held: number } | null;
  sessions?: UserSession[];
  recharges?: { last_recharges: Recharge[]; current_plans: BoughtPlan[] };
}

export type UserFilters = { cursor?: string; search?: string; phone_number?: string } & Pick<
  NonNullable<import("#shared/schema.d.ts").operations["users_list"]["parameters"]["query"]>,
  "status" | "user_type" | "kyc_tier" | "sort"
>;

const LIMIT = 50;

export function useUsers({ cursor, ...filters }: UserFilters): List<User> {
  const api = useApi();
  return useList<User>({
    key: ["users", "list", filters],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/users", {
          params: { query: { ...filters, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

const one = (userId: string) => ["users", "one", userId];

export function useUser(userId: string) {
  const api = useApi();
  return useQuery({
    queryKey: one(userId),
    queryFn: () => data(api.GET("/v1/users/{user_id}", { params: { path: { user_id: userId } } })),
  });
}

export function useUserRecharges(userId: string, cursor: string | undefined): List<Recharge> {
  const api = useApi();
  return useList<Recharge>({
    key: ["recharge", "of", userId],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/recharge/admin", {
          params: { query: { user_id: userId, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

export function useUserTransactions(userId: string, cursor: string | undefined): List<Transaction> {
  const api = useApi();
  return useList<Transaction>({
    key: ["wallet", "transactions", "of", userId],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/wallet/admin/transactions", {
          params: { query: { user_id: userId, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

/// Blocks or unblocks the customer as the page shows them: if another admin was faster, the API refuses.
export function useStatusChange(user: User) {
  const api = useApi();
  const client = useQueryClient();
  return async (act: "block" | "unblock", reason: string): Promise<void> => {
    const call = {
      params: { path: { user_id: user.user_id }, header: { "If-Match": `"${user.etag}"` } },
      body: { reason },
    };
    try {
      await (act === "block"
        ? api.POST("/v1/users/{user_id}/block", call)
        : api.POST("/v1/users/{user_id}/unblock", call));
    } finally {
      // Also after a refusal: another admin may have changed the customer.
      await client.invalidateQueries({ queryKey: ["users"] });
    }
  };
}

export function useMayOf() {
  const may = useMay();
  return {
    edit: may("Users:edit"),
    recharges: may("Recharge:read", { scoped: true }),
    transactions: may("Wallet:read", { scoped: true }),
  };
}
