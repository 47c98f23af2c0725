import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { InboxIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const KINDS = [
  "stuck_recharge",
  "disputed_delivery",
  "difference",
  "complaint",
  "adjustment",
  "approval",
  "kyc_request",
  "parked_delivery",
  "open_breaker",
  "payout",
  "low_float",
  "parked_gateway_event",
  "disabled_endpoint",
  "failed_ledger_check",
] as const;

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/work",
  validateSearch: search({ cursor: text, kind: choice(...KINDS), owner: choice("me", "nobody") }),
  component: lazyRouteComponent(() => import("./work_list.tsx"), "WorkList"),
});

export const work = room({
  name: "work",
  menu: { label: { en: "Work queue", hi: "बाकी काम" }, group: "work", icon: InboxIcon, to: "/work" },
  permission: "Recharge:read",
  scoped: true,
  routes: [listRoute] as const,
});
