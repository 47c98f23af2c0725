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

export const segmentsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/analytics/segments",
  validateSearch: search({ operator: text }),
  component: lazyRouteComponent(() => import("./segments_page.tsx"), "SegmentsPage"),
});

export const cohortsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/analytics/cohorts",
  validateSearch: search({ operator: text }),
  component: lazyRouteComponent(() => import("./cohorts_page.tsx"), "CohortsPage"),
});

export const forecastRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/analytics/forecast",
  validateSearch: search({ operator: text }),
  component: lazyRouteComponent(() => import("./forecast_page.tsx"), "ForecastPage"),
});

export const campaignsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/analytics/campaigns",
  validateSearch: search({ from: text, to: text }),
  component: lazyRouteComponent(() => import("./campaigns_page.tsx"), "CampaignsPage"),
});

export const analytics = room({
  name: "analytics",
  menu: { label: { en: "Analytics", hi: "विश्लेषण" }, group: "insight", icon: ChartIcon, to: "/analytics" },
  permission: "Analytics:read",
  scoped: true,
  pages: { "/analytics/campaigns": { permission: "Offers:read", scoped: false } },
  routes: [figuresRoute, segmentsRoute, cohortsRoute, forecastRoute, campaignsRoute] as const,
});
