import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { TagIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/offers",
  validateSearch: search({
    cursor: text,
    search: text,
    operator: text,
    status: choice("draft", "active", "inactive"),
    window: choice("scheduled", "running", "over"),
  }),
  component: lazyRouteComponent(() => import("./offer_list.tsx"), "OfferList"),
});

export const typesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/offers/types",
  component: lazyRouteComponent(() => import("./type_list.tsx"), "TypeList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/offers/$offerId",
  validateSearch: search({ cursor: text, tab: choice("uses", "codes") }),
  component: lazyRouteComponent(() => import("./offer_detail.tsx"), "OfferDetail"),
});

export const offers = room({
  name: "offers",
  menu: { label: { en: "Offers", hi: "ऑफ़र" }, group: "catalogue", icon: TagIcon, to: "/offers" },
  permission: "Offers:read",
  scoped: true,
  routes: [listRoute, typesRoute, detailRoute] as const,
});
