/// What the pages of customers read and do.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, outcomeOf, useAct, usePages, useThing, withKey } from "#ui/api.ts";
import { type List, useList } from "#ui/list.ts";
import { useApi, useMay } from "#ui/services.tsx";

type Schemas = components["schemas"];
export type User = Schemas["StaffUserOut"];
export type UserWhole = Schemas["StaffUserDetail"];
export type Recharge = Schemas["StaffRechargeOut"];
export type Transaction = Schemas["StaffTransactionOut"];
export type ClosedUser = Schemas["ArchivedUserOut"];
export type Note = Schemas["NoteOut"];
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

export interface ClosedFilters {
  cursor?: string | undefined;
  search?: string | undefined;
  phone_number?: string | undefined;
  user_type?: User["user_type"] | undefined;
}

export function useClosedUsers({ cursor, ...filters }: ClosedFilters) {
  return usePages<ClosedUser>(["users", "closed", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/users/archived", { params: { query: { ...filters, ...page } }, signal })),
  );
}

/// What the wallet held at an instant.
export function useBalanceAt(userId: string, at: string | null) {
  return useThing(
    ["wallet", "balance", userId, at],
    (api) =>
      data(
        api.GET("/v1/wallet/admin/users/{user_id}/balance", {
          params: { path: { user_id: userId }, query: { at: at ?? "" } },
        }),
      ),
    { isOn: at !== null, keepsOld: true },
  );
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

export function useUserLedger(userId: string, cursor: string | undefined) {
  return usePages(["wallet", "ledger", userId], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/wallet/admin/users/{user_id}/ledger", {
        params: { path: { user_id: userId }, query: page },
        signal,
      }),
    ),
  );
}

/// The notes about a customer; older ones are read on top of these.
export function useNotes(userId: string) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ["users", "notes", userId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      data(
        api.GET("/v1/users/{user_id}/notes", {
          params: { path: { user_id: userId }, query: cursor ? { cursor } : {} },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useNoteActs(user: User) {
  const act = useAct("users");
  const path = { user_id: user.user_id };
  return {
    write: (text: string, key: string) =>
      act((api) =>
        api.POST("/v1/users/{user_id}/notes", { params: { path, header: withKey(key) }, body: { text } }),
      ),
    takeBack: (note_id: string) =>
      act((api) =>
        api.DELETE("/v1/users/{user_id}/notes/{note_id}", { params: { path: { ...path, note_id } } }),
      ),
  };
}

/// Changes of the account's own data.
export function useChanges(user: User) {
  const act = useAct("users", "approvals");
  const path = { user_id: user.user_id };
  const asShown = { path, header: ifMatch(user.etag) };
  return {
    rename: (name: string, etag: string) =>
      act((api) =>
        api.PATCH("/v1/users/{user_id}", { params: { path, header: ifMatch(etag) }, body: { name } }),
      ),
    email: (email: string, reason: string) =>
      act(async (api) =>
        outcomeOf(await api.PUT("/v1/users/{user_id}/email", { params: asShown, body: { email, reason } })),
      ),
    phone: (phone_number: string, reason: string) =>
      act(async (api) =>
        outcomeOf(
          await api.PUT("/v1/users/{user_id}/phone-number", {
            params: asShown,
            body: { phone_number, reason },
          }),
        ),
      ),
    export: () =>
      act(
        async (api) =>
          (await api.GET("/v1/users/{user_id}/export", { params: { path }, parseAs: "blob" }))
            .data as unknown as Blob,
      ),
    endSession: (session: UserSession) =>
      act((api) =>
        api.DELETE("/v1/sessions/{owner_id}/{session_id}", {
          params: { path: { owner_id: user.user_id, session_id: session.session_id } },
        }),
      ),
  };
}

/// Acts on the customer as the page shows them: if another admin was faster, the API refuses.
export function useUserActs(user: User) {
  const act = useAct("users", "kyc");
  const path = { user_id: user.user_id };
  const asShown = { path, header: ifMatch(user.etag) };
  const turn = (verb: "block" | "unblock" | "reactivate") => (reason: string) =>
    act((api) => api.POST(`/v1/users/{user_id}/${verb}`, { params: asShown, body: { reason } }));
  return {
    block: turn("block"),
    unblock: turn("unblock"),
    reactivate: turn("reactivate"),
    deactivate: (reason: string) =>
      act((api) => api.POST("/v1/users/{user_id}/deactivate", { params: asShown, body: { reason } })),
    type: () =>
      act((api) =>
        api.POST("/v1/users/{user_id}/switch-type", {
          params: asShown,
          body: { user_type: user.user_type === "prepaid" ? "postpaid" : "prepaid" },
        }),
      ),
    tier: (reason: string) =>
      act((api) =>
        api.PUT("/v1/users/{user_id}/kyc-tier", {
          params: asShown,
          body: { tier: user.kyc_tier === "full" ? "small" : "full", reason },
        }),
      ),
    signIn: (reason: string) =>
      act((api) => api.POST("/v1/users/{user_id}/open-sign-in", { params: { path }, body: { reason } })),
    sessions: () =>
      act((api) => api.DELETE("/v1/sessions/{owner_id}", { params: { path: { owner_id: user.user_id } } })),
    close: (reason: string, payout: boolean) =>
      act((api) => api.DELETE("/v1/users/{user_id}", { params: { path, query: { reason, payout } } })),
  };
}

export function useMayOf() {
  const may = useMay();
  return {
    edit: may("Users:edit"),
    tier: may("Wallet:edit"),
    close: may("Users:delete"),
    endSessions: may("Sessions:delete"),
    export: may("Users:edit") && may("PersonalData:read"),
    balanceAt: may("Wallet:read"),
    recharges: may("Recharge:read", { scoped: true }),
    transactions: may("Wallet:read", { scoped: true }),
  };
}
