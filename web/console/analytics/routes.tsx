import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ChartIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { search, text } from "#ui/search.ts";

export const figuresRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/analytics",
  validateSearch: search({ area: text, from: text, to: text, operator: text, show: text, measure: text }),
  component: lazyRouteComponent(() => import("./figures_page.tsx"), "FiguresPage"),
});

export const analytics = room({
  name: "analytics",
  menu: { label: { en: "Analytics", hi: "विश्लेषण" }, group: "insight", icon: ChartIcon, to: "/analytics" },
  permission: "Analytics:read",
  scoped: true,
  routes: [figuresRoute] as const,
});
