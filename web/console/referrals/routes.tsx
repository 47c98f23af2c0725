import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { GiftIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/referrals",
  validateSearch: search({
    cursor: text,
    status: choice("pending", "held", "earned", "paid", "reversed", "cancelled"),
    side: choice("referrer", "friend"),
    user_id: text,
  }),
  component: lazyRouteComponent(() => import("./reward_list.tsx"), "RewardList"),
});

export const referrals = room({
  name: "referrals",
  menu: { label: { en: "Referrals", hi: "रेफ़रल" }, group: "customers", icon: GiftIcon, to: "/referrals" },
  permission: "Referrals:read",
  scoped: false,
  routes: [listRoute] as const,
});
