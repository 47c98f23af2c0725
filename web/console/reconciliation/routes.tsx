import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { BalanceIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/reconciliation",
  validateSearch: search({
    cursor: text,
    counterparty: text,
    status: choice("running", "matched", "differences", "failed"),
  }),
  component: lazyRouteComponent(() => import("./run_list.tsx"), "RunList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/reconciliation/$runId",
  validateSearch: search({ cursor: text, status: choice("open", "claimed", "resolved", "superseded") }),
  component: lazyRouteComponent(() => import("./run_detail.tsx"), "RunDetail"),
});

export const reconciliation = room({
  name: "reconciliation",
  menu: {
    label: { en: "Reconciliation", hi: "मिलान" },
    group: "money",
    icon: BalanceIcon,
    to: "/reconciliation",
  },
  permission: "Payments:read",
  scoped: false,
  routes: [listRoute, detailRoute] as const,
});
