/// Operators, their channels, and pausing one.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, outcomeOf, useAct, useThing, WHOLE } from "#ui/api.ts";
import { type List, useList } from "#ui/list.ts";
import { useApi } from "#ui/services.tsx";

export type Operator = components["schemas"]["StaffOperatorOut"];
export type Channel = components["schemas"]["ChannelOut"];
export type ChannelCreate = components["schemas"]["ChannelCreate"];
export type ChannelUpdate = components["schemas"]["ChannelUpdate"];
export type OperatorCreate = components["schemas"]["OperatorCreate"];
export type Secrets = components["schemas"]["ChannelSecretsOut"];
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

/// One operator; undefined: there is none, or it is not in this admin's scope.
export function useOperator(code: string) {
  return useThing(["operators", "one", code], async (api) => {
    const all = await data(api.GET("/v1/operators/admin", { params: { query: { limit: WHOLE } } }));
    return all.items.find((each) => each.code === code) ?? null;
  });
}

export function useOperatorActs() {
  const act = useAct("operators");
  return {
    createOperator: (body: OperatorCreate) => act((api) => api.POST("/v1/operators", { body })),
    updateOperator: (operator: string, etag: string, body: Partial<OperatorCreate>) =>
      act((api) =>
        api.PATCH("/v1/operators/{operator}", {
          params: { path: { operator }, header: ifMatch(etag) },
          body,
        }),
      ),
    removeOperator: (operator: string) =>
      act((api) => api.DELETE("/v1/operators/{operator}", { params: { path: { operator } } }), LEAVES),
  };
}

export function useChannelActs() {
  const act = useAct("channels", "approvals");
  const of = ({ code }: Channel) => ({ path: { channel: code } });
  return {
    create: (body: ChannelCreate) => act((api) => api.POST("/v1/channels", { body })),
    update: (channel: Channel, etag: string, body: ChannelUpdate) =>
      act((api) =>
        api.PATCH("/v1/channels/{channel}", { params: { ...of(channel), header: ifMatch(etag) }, body }),
      ),
    /// Our share alone: it takes a second admin.
    share: (channel: Channel, commission_basis_points: number) =>
      act(async (api) =>
        outcomeOf(
          await api.PATCH("/v1/channels/{channel}", {
            params: { ...of(channel), header: ifMatch(channel.etag) },
            body: { commission_basis_points },
          }),
        ),
      ),
    approve: (channel: Channel, url: string) =>
      act((api) =>
        api.POST("/v1/channels/{channel}/address/approve", { params: of(channel), body: { url } }),
      ),
    reject: (channel: Channel) =>
      act((api) => api.POST("/v1/channels/{channel}/address/reject", { params: of(channel) })),
    rotate: (channel: Channel) =>
      act((api) => data(api.POST("/v1/channels/{channel}/rotate-secrets", { params: of(channel) }))),
    remove: (channel: Channel) => act((api) => api.DELETE("/v1/channels/{channel}", { params: of(channel) })),
  };
}
