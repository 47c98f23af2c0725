import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { LinkIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks",
  validateSearch: search({ cursor: text }),
  component: lazyRouteComponent(() => import("./endpoint_list.tsx"), "EndpointList"),
});

export const logRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/webhooks/deliveries",
  validateSearch: search({
    cursor: text,
    endpoint_id: text,
    type: text,
    status: choice("pending", "delivered", "failed", "discarded"),
  }),
  component: lazyRouteComponent(() => import("./delivery_list.tsx"), "DeliveryList"),
});

export const webhooks = room({
  name: "webhooks",
  menu: { label: { en: "Webhooks", hi: "वेबहुक" }, group: "house", icon: LinkIcon, to: "/webhooks" },
  permission: "Payments:read",
  scoped: false,
  routes: [listRoute, logRoute] as const,
});
