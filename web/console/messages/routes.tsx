import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { LetterIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const parkedRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/messages",
  validateSearch: search({
    cursor: text,
    reason: choice("failed", "no_provider"),
    channel: choice("sms", "email", "web_push", "mobile_push"),
    kind: text,
  }),
  component: lazyRouteComponent(() => import("./parked_list.tsx"), "ParkedList"),
});

export const costsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/messages/costs",
  validateSearch: search({ from: text, to: text }),
  component: lazyRouteComponent(() => import("./costs_page.tsx"), "CostsPage"),
});

export const messages = room({
  name: "messages",
  menu: { label: { en: "Messages", hi: "संदेश" }, group: "house", icon: LetterIcon, to: "/messages" },
  permission: "Notifications:read",
  scoped: false,
  routes: [parkedRoute, costsRoute] as const,
});
