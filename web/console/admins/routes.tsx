import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ShieldIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admins",
  validateSearch: search({
    cursor: text,
    search: text,
    role: text,
    status: choice("active", "blocked", "archived"),
  }),
  component: lazyRouteComponent(() => import("./admin_list.tsx"), "AdminList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admins/$adminId",
  component: lazyRouteComponent(() => import("./admin_detail.tsx"), "AdminDetail"),
});

export const admins = room({
  name: "admins",
  menu: { label: { en: "Admins", hi: "एडमिन" }, group: "house", icon: ShieldIcon, to: "/admins" },
  permission: "Admins:read",
  scoped: false,
  routes: [listRoute, detailRoute] as const,
});
