/// Everything that waits for a person: reading it, taking it, trying it again, closing it.
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import { useAct, usePages, useThing } from "#ui/api.ts";

export type Item = components["schemas"]["WorkItemOut"];
export type Kind = Item["kind"];
export type Filters = NonNullable<operations["work_list"]["parameters"]["query"]>;
/// The summary is read again so often, in milliseconds.
const WATCH_MS = 30_000;

export function useItems({ cursor, ...filters }: Filters) {
  return usePages<Item>(["work", "list", filters], cursor ?? undefined, (api, page, signal) =>
    data(api.GET("/v1/work", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useSummary() {
  return useThing(["work", "summary"], (api) => data(api.GET("/v1/work/summary")), { again: () => WATCH_MS });
}

export function useActs() {
  const act = useAct("work");
  const thing = ({ kind, item }: Item) => ({ kind, item });
  return {
    assign: (item: Item, assignee: string | null) =>
      act((api) => api.PUT("/v1/work/assignee", { body: { ...thing(item), assignee_id: assignee } })),
    rerun: (item: Item, reason: string) =>
      act((api) => api.POST("/v1/work/reruns", { body: { ...thing(item), reason } })),
    close: (item: Item, reason: string) =>
      act((api) => api.POST("/v1/work/closings", { body: { ...thing(item), reason } })),
  };
}

/// The page on which an item is settled, from where the API says that it is; null if only this list has it.
export function pageOf(path: string): string | null {
  const part = path.split("/").slice(2);
  const [room] = part;
  if (room === "recharge" && part[1] === "admin" && part[2] && part[3])
    return `/recharges/${part[2]}/${part[3]}`;
  if (room === "reconciliation" && part[2]) return `/reconciliation/${part[2]}`;
  if (room === "wallet") return "/adjustments";
  if (room === "users") return "/customers/kyc";
  if (room === "webhooks") return "/webhooks";
  if (room === "audit-logs") return "/audit";
  if (room === "channels") return "/operators";
  if (room === "payouts") return "/payouts";
  if (room === "approvals" || room === "complaints" || room === "payments") return `/${room}`;
  return null;
}
