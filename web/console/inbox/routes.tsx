import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { BellIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/notifications",
  validateSearch: search({
    cursor: text,
    state: choice("unread", "seen"),
    type: choice("transactional", "announcement"),
  }),
  component: lazyRouteComponent(() => import("./notice_list.tsx"), "NoticeList"),
});

/// Everybody's own inbox. What stands in it follows from the role.
export const inbox = room({
  name: "inbox",
  menu: { label: { en: "Notifications", hi: "सूचनाएँ" }, group: "work", icon: BellIcon, to: "/notifications" },
  permission: null,
  scoped: true,
  routes: [listRoute] as const,
});
