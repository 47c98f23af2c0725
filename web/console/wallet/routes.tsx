import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { WalletIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const STATUSES = ["pending", "approved", "rejected", "cancelled", "expired"] as const;

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/adjustments",
  validateSearch: search({
    cursor: text,
    status: choice(...STATUSES),
    direction: choice("credit", "debit"),
    user_id: text,
  }),
  component: lazyRouteComponent(() => import("./adjustment_list.tsx"), "AdjustmentList"),
});

export const wallet = room({
  name: "wallet",
  menu: {
    label: { en: "Adjustments", hi: "समायोजन" },
    group: "money",
    icon: WalletIcon,
    to: "/adjustments",
  },
  permission: "Wallet:read",
  scoped: false,
  routes: [listRoute] as const,
});
