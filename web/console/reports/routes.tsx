import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { SheetIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/reports",
  validateSearch: search({
    cursor: text,
    tab: choice("files", "schedules"),
    report: text,
    status: choice("waiting", "running", "ready", "failed", "cancelled"),
  }),
  component: lazyRouteComponent(() => import("./report_list.tsx"), "ReportList"),
});

export const reports = room({
  name: "reports",
  menu: { label: { en: "Reports", hi: "रिपोर्ट" }, group: "insight", icon: SheetIcon, to: "/reports" },
  permission: "Reports:read",
  scoped: true,
  routes: [listRoute] as const,
});
