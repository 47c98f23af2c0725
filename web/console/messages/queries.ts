/// Messages that did not leave, sending them again, and what messages cost.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Parked = Schemas["ParkedMessageOut"];
export type Cost = Schemas["MessageCostOut"];

export interface Filters {
  cursor?: string | undefined;
  reason?: Parked["reason"] | undefined;
  channel?: Parked["channel"] | undefined;
  kind?: string | undefined;
}

export function useParked({ cursor, ...filters }: Filters) {
  return usePages<Parked>(["messages", "parked", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/messages/parked", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useCosts(period: { from?: string | undefined; to?: string | undefined }) {
  return useThing(
    ["messages", "costs", period],
    (api, signal) => data(api.GET("/v1/messages/costs", { params: { query: period }, signal })),
    { keepsOld: true },
  );
}

export function useActs() {
  const act = useAct("messages");
  return {
    resend: ({ message_id }: Parked) =>
      act((api) =>
        data(api.POST("/v1/messages/parked/{message_id}/resend", { params: { path: { message_id } } })),
      ),
    resendAll: ({ reason = "failed", channel, kind }: Filters) =>
      act((api) =>
        data(
          api.POST("/v1/messages/parked/resend", {
            body: { reason, channel: channel ?? null, kind: kind ?? null },
          }),
        ),
      ),
  };
}
