import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { DiskIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/backups",
  validateSearch: search({
    cursor: text,
    status: choice("waiting", "running", "ready", "failed", "cancelled"),
    tab: choice("backups", "runs", "databases"),
  }),
  component: lazyRouteComponent(() => import("./backup_list.tsx"), "BackupList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/backups/$backup",
  component: lazyRouteComponent(() => import("./backup_detail.tsx"), "BackupDetail"),
});

export const backups = room({
  name: "backups",
  menu: { label: { en: "Backups", hi: "बैकअप" }, group: "house", icon: DiskIcon, to: "/backups" },
  permission: "Backups:read",
  scoped: false,
  routes: [listRoute, detailRoute] as const,
});
