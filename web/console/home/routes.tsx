import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { HomeIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./home_page.tsx"), "HomePage"),
});

export const home = room({
  name: "home",
  menu: { label: { en: "Home", hi: "मुख्य पृष्ठ" }, group: "work", icon: HomeIcon, to: "/" },
  permission: null,
  scoped: true,
  routes: [homeRoute] as const,
});
