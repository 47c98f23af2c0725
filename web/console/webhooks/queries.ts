/// Endpoints of integrators, and what was delivered to them.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Endpoint = Schemas["WebhookEndpointOut"];
export type Delivery = Schemas["WebhookDeliveryOut"];
export type EventName = Schemas["WebhookEndpointCreate"]["events"][number];
export type NewEndpoint = Schemas["WebhookEndpointCreate"];

export interface Filters {
  cursor?: string | undefined;
  endpoint_id?: string | undefined;
  type?: string | undefined;
  status?: Delivery["status"] | undefined;
}

export const EVENTS: EventName[] = ["*", "recharge.*", "payment.*", "refund.*"];

export function useEndpoints(cursor: string | undefined) {
  return usePages<Endpoint>(["webhooks", "endpoints"], cursor, (api, page, signal) =>
    data(api.GET("/v1/webhooks/endpoints", { params: { query: page }, signal })),
  );
}

export function useDeliveries({ cursor, ...filters }: Filters) {
  return usePages<Delivery>(["webhooks", "deliveries", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/webhooks/deliveries", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useDelivery(id: string) {
  return useThing(["webhooks", "delivery", id], (api) =>
    data(api.GET("/v1/webhooks/deliveries/{delivery_id}", { params: { path: { delivery_id: id } } })),
  );
}

export function useActs() {
  const act = useAct("webhooks", "work");
  const path = ({ endpoint_id }: Endpoint) => ({ path: { endpoint_id } });
  return {
    create: (body: NewEndpoint) => act((api) => data(api.POST("/v1/webhooks/endpoints", { body }))),
    update: (endpoint: Endpoint, body: Schemas["WebhookEndpointUpdate"], etag = endpoint.etag) =>
      act((api) =>
        api.PATCH("/v1/webhooks/endpoints/{endpoint_id}", {
          params: { ...path(endpoint), header: ifMatch(etag) },
          body,
        }),
      ),
    remove: (endpoint: Endpoint) =>
      act((api) => api.DELETE("/v1/webhooks/endpoints/{endpoint_id}", { params: path(endpoint) })),
    rotate: (endpoint: Endpoint) =>
      act((api) =>
        data(api.POST("/v1/webhooks/endpoints/{endpoint_id}/rotate-secret", { params: path(endpoint) })),
      ),
    test: (endpoint: Endpoint) =>
      act((api) => api.POST("/v1/webhooks/endpoints/{endpoint_id}/test", { params: path(endpoint) })),
    redeliver: (id: string) =>
      act((api) =>
        api.POST("/v1/webhooks/deliveries/{delivery_id}/redeliver", {
          params: { path: { delivery_id: id } },
        }),
      ),
  };
}
