import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ListIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans",
  validateSearch: search({
    cursor: text,
    search: text,
    operator: text,
    group: text,
    status: choice("draft", "active", "inactive"),
    plan_type: choice("prepaid", "postpaid"),
    category: choice("unlimited", "data_addon", "talktime", "roaming", "postpaid_rental"),
    scheduled: choice("true"),
  }),
  component: lazyRouteComponent(() => import("./plan_list.tsx"), "PlanList"),
});

export const groupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans/groups",
  component: lazyRouteComponent(() => import("./group_list.tsx"), "GroupList"),
});

export const importRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans/import",
  component: lazyRouteComponent(() => import("./plan_import.tsx"), "PlanImport"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/plans/$planId",
  component: lazyRouteComponent(() => import("./plan_detail.tsx"), "PlanDetail"),
});

export const plans = room({
  name: "plans",
  menu: { label: { en: "Plans", hi: "प्लान" }, group: "catalogue", icon: ListIcon, to: "/plans" },
  permission: "Plans:read",
  scoped: true,
  routes: [listRoute, groupsRoute, importRoute, detailRoute] as const,
});
