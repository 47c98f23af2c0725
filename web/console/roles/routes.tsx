import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { KeyIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/roles",
  component: lazyRouteComponent(() => import("./role_list.tsx"), "RoleList"),
});

/// Of the API's room `admins`.
export const roles = room({
  name: "roles",
  menu: { label: { en: "Roles", hi: "भूमिकाएँ" }, group: "house", icon: KeyIcon, to: "/roles" },
  permission: "Roles:read",
  scoped: false,
  routes: [listRoute] as const,
});
