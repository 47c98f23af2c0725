import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { KeyIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/mandates",
  validateSearch: search({
    cursor: text,
    user_id: text,
    status: choice("pending", "active", "ended"),
    end_reason: choice("customer", "bank", "expired", "not_approved", "account_closed"),
    payment_method: choice("upi", "card", "netbanking"),
  }),
  component: lazyRouteComponent(() => import("./mandate_list.tsx"), "MandateList"),
});

export const mandates = room({
  name: "mandates",
  menu: { label: { en: "Mandates", hi: "मैंडेट" }, group: "money", icon: KeyIcon, to: "/mandates" },
  permission: "Payments:read",
  scoped: false,
  routes: [listRoute] as const,
});
