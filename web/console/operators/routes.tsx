import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { TowerIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/operators",
  validateSearch: search({ cursor: text, status: choice("up", "degraded", "down") }),
  component: lazyRouteComponent(() => import("./operator_list.tsx"), "OperatorList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/operators/$operator",
  component: lazyRouteComponent(() => import("./operator_detail.tsx"), "OperatorDetail"),
});

export const operators = room({
  name: "operators",
  menu: { label: { en: "Operators", hi: "ऑपरेटर" }, group: "catalogue", icon: TowerIcon, to: "/operators" },
  permission: "Operators:read",
  scoped: true,
  routes: [listRoute, detailRoute] as const,
});
