import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { PageIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const KINDS = [
  "banner",
  "landing",
  "faq",
  "about",
  "privacy",
  "terms",
  "refund_policy",
  "support",
] as const;

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/content",
  validateSearch: search({ cursor: text, kind: choice(...KINDS) }),
  component: lazyRouteComponent(() => import("./content_list.tsx"), "ContentList"),
});

export const imagesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/content/images",
  validateSearch: search({ cursor: text }),
  component: lazyRouteComponent(() => import("./image_list.tsx"), "ImageList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/content/$contentId",
  component: lazyRouteComponent(() => import("./content_detail.tsx"), "ContentDetail"),
});

export const content = room({
  name: "content",
  menu: { label: { en: "Content", hi: "सामग्री" }, group: "house", icon: PageIcon, to: "/content" },
  permission: "Content:read",
  scoped: false,
  routes: [listRoute, imagesRoute, detailRoute] as const,
});
