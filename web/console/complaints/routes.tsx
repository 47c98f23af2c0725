import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { FlagIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/complaints",
  validateSearch: search({ cursor: text, status: choice("open", "upheld", "rejected") }),
  component: lazyRouteComponent(() => import("./complaint_list.tsx"), "ComplaintList"),
});

export const complaints = room({
  name: "complaints",
  menu: { label: { en: "Complaints", hi: "शिकायतें" }, group: "work", icon: FlagIcon, to: "/complaints" },
  permission: "Wallet:read",
  scoped: false,
  routes: [listRoute] as const,
});
