import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { WalletIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/payouts",
  validateSearch: search({ cursor: text, user_id: text, status: choice("needs_payee", "due", "paid") }),
  component: lazyRouteComponent(() => import("./payout_list.tsx"), "PayoutList"),
});

export const payouts = room({
  name: "payouts",
  menu: { label: { en: "Payouts", hi: "बंद खातों के भुगतान" }, group: "money", icon: WalletIcon, to: "/payouts" },
  permission: "Payments:read",
  scoped: false,
  routes: [listRoute] as const,
});
