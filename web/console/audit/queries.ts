/// Entries of the audit trail.
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import type { Change } from "#ui/diff.tsx";
import { type List, useList } from "#ui/list.ts";
import { useApi } from "#ui/services.tsx";

export type Entry = components["schemas"]["AuditEntryOut"];
export type Filters = Pick<
  NonNullable<operations["audit_logs_list_entries"]["parameters"]["query"]>,
  "cursor" | "action" | "object_id" | "user_id" | "actor_id" | "request_id" | "actor_kind"
>;

const LIMIT = 50;

export function useEntries({ cursor, ...filters }: Filters): List<Entry> {
  const api = useApi();
  return useList<Entry>({
    key: ["audit", "list", filters],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/audit-logs", {
          params: { query: { ...filters, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

/// The changes of an entry: by field, its old and its new value. An entry that was tampered with may hold anything.
export function changesOf(entry: Entry): Change[] {
  return Object.entries(entry.changes ?? {}).map(([field, value]) => {
    const pair =
      typeof value === "object" && value !== null
        ? (value as { old?: unknown; new?: unknown })
        : { new: value };
    return { field, before: pair.old, after: "new" in pair || "old" in pair ? pair.new : value };
  });
}
