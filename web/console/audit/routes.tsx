import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { TrailIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/audit",
  validateSearch: search({
    cursor: text,
    action: text,
    object_id: text,
    user_id: text,
    actor_id: text,
    request_id: text,
    actor_kind: choice("user", "admin", "system"),
  }),
  component: lazyRouteComponent(() => import("./entry_list.tsx"), "EntryList"),
});

export const audit = room({
  name: "audit",
  menu: { label: { en: "Audit trail", hi: "ऑडिट" }, group: "house", icon: TrailIcon, to: "/audit" },
  permission: "AuditLogs:read",
  scoped: false,
  routes: [listRoute] as const,
});
