import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { BoltIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recharges",
  validateSearch: search({
    cursor: text,
    status: choice(
      "payment_pending",
      "processing",
      "active",
      "paid",
      "queued",
      "expired",
      "replaced",
      "failed",
      "refunded",
      "cancelled",
      "unknown",
    ),
    phone_number: text,
    operator: text,
    payment_method: choice("wallet", "upi", "card", "netbanking"),
    reference: text,
    user_id: text,
    sort: choice("created_at", "-created_at"),
  }),
  component: lazyRouteComponent(() => import("./recharge_list.tsx"), "RechargeList"),
});

export const plansRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recharges/plans",
  validateSearch: search({
    cursor: text,
    status: choice("active", "queued"),
    phone_number: text,
    operator: text,
    expires_within_days: choice("1", "3", "7", "30"),
  }),
  component: lazyRouteComponent(() => import("./plan_list.tsx"), "BoughtPlanList"),
});

export const queueRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recharges/queue",
  validateSearch: search({ phone_number: text }),
  component: lazyRouteComponent(() => import("./queue_page.tsx"), "QueuePage"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/recharges/$userId/$rechargeId",
  component: lazyRouteComponent(() => import("./recharge_detail.tsx"), "RechargeDetail"),
});

export const recharge = room({
  name: "recharge",
  menu: { label: { en: "Recharges", hi: "रिचार्ज" }, group: "customers", icon: BoltIcon, to: "/recharges" },
  permission: "Recharge:read",
  scoped: true,
  routes: [listRoute, plansRoute, queueRoute, detailRoute] as const,
});
