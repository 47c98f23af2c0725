import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { LetterIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/templates",
  validateSearch: search({
    cursor: text,
    language: choice("en", "hi"),
    type: choice("transactional", "reminder", "announcement", "promotional"),
  }),
  component: lazyRouteComponent(() => import("./template_list.tsx"), "TemplateList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/templates/$kind/$language",
  component: lazyRouteComponent(() => import("./template_detail.tsx"), "TemplateDetail"),
});

export const notifications = room({
  name: "notifications",
  menu: { label: { en: "Templates", hi: "टेम्पलेट" }, group: "house", icon: LetterIcon, to: "/templates" },
  permission: "Notifications:read",
  scoped: false,
  routes: [listRoute, detailRoute] as const,
});
