/// Operators, their channels, and pausing one.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, useAct, useThing } from "#ui/api.ts";
import { type List, useList } from "#ui/list.ts";
import { useApi } from "#ui/services.tsx";

export type Operator = components["schemas"]["StaffOperatorOut"];
export type Channel = components["schemas"]["ChannelOut"];
export type Window = components["schemas"]["MaintenanceWindow"];

const LIMIT = 50;

export function useOperators(
  status: Operator["status"] | undefined,
  cursor: string | undefined,
): List<Operator> {
  const api = useApi();
  return useList<Operator>({
    key: ["operators", "list", status],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/operators/admin", {
          params: {
            query: { limit: LIMIT, ...(status ? { status } : {}), ...(from ? { cursor: from } : {}) },
          },
          signal,
        }),
      ),
  });
}

export function useChannels(operator: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["channels", operator],
    queryFn: async () =>
      (await data(api.GET("/v1/channels", { params: { query: { operator, limit: 100 } } }))).items,
  });
}

/// Pauses an operator, or accepts its recharges again; refused if another admin has changed it since it was read.
export function useStatusChange() {
  const api = useApi();
  const client = useQueryClient();
  return async (operator: Operator, status: "up" | "down"): Promise<void> => {
    try {
      await api.PATCH("/v1/operators/{operator}", {
        params: { path: { operator: operator.code }, header: { "If-Match": `"${operator.etag}"` } },
        body: { status },
      });
    } finally {
      await client.invalidateQueries({ queryKey: ["operators"] });
    }
  };
}

export function useHealth(channel: string) {
  return useThing(["channels", "health", channel], (api) =>
    data(api.GET("/v1/channels/{channel}/health", { params: { path: { channel } } })),
  );
}

/// Sets the window of an operator, or takes it away.
export function useMaintenance() {
  const act = useAct("operators");
  return (operator: string, etag: string, maintenance: Window | null) =>
    act((api) =>
      api.PATCH("/v1/operators/{operator}", {
        params: { path: { operator }, header: ifMatch(etag) },
        body: { maintenance },
      }),
    );
}
