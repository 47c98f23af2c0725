/// All rooms of the console. A new room is its folder, and its name in ROOMS.
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { NoPage } from "./frame/refusals.tsx";
import { Shell } from "./frame/shell.tsx";
import { home } from "./home/routes.tsx";
import { recharge } from "./recharge/routes.tsx";
import { rootRoute, shellRoute } from "./ui/room.ts";
import { parseSearch, stringifySearch } from "./ui/search.ts";
import { users } from "./users/routes.tsx";

/// In the order of the menu.
export const ROOMS = [home, users, recharge] as const;

shellRoute.update({ component: () => <Shell rooms={ROOMS} /> });
type RoomRoute = (typeof ROOMS)[number]["routes"][number];
const pages = ROOMS.flatMap((room): RoomRoute[] => [...room.routes]);

export const router = createRouter({
  routeTree: rootRoute.addChildren([shellRoute.addChildren(pages)]),
  basepath: "/console",
  parseSearch,
  stringifySearch,
  defaultNotFoundComponent: NoPage,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export function Pages() {
  return <RouterProvider router={router} />;
}
