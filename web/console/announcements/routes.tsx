import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { HornIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/announcements",
  validateSearch: search({
    cursor: text,
    status: choice("draft", "scheduled", "shown", "ended", "cancelled"),
    kind: choice("customers", "campaign", "customer", "admins"),
  }),
  component: lazyRouteComponent(() => import("./announcement_list.tsx"), "AnnouncementList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/announcements/$announcementId",
  component: lazyRouteComponent(() => import("./announcement_detail.tsx"), "AnnouncementDetail"),
});

export const announcements = room({
  name: "announcements",
  menu: {
    label: { en: "Announcements", hi: "घोषणाएँ" },
    group: "house",
    icon: HornIcon,
    to: "/announcements",
  },
  permission: "Announcements:read",
  scoped: true,
  routes: [listRoute, detailRoute] as const,
});
