import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { FlagIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/campaigns",
  validateSearch: search({ cursor: text, offer_id: text }),
  component: lazyRouteComponent(() => import("./campaign_list.tsx"), "CampaignList"),
});

export const campaigns = room({
  name: "campaigns",
  menu: { label: { en: "Campaigns", hi: "अभियान" }, group: "catalogue", icon: FlagIcon, to: "/campaigns" },
  permission: "Offers:read",
  scoped: false,
  routes: [listRoute] as const,
});
