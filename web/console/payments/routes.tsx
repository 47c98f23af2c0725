import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { CardIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/payments",
  validateSearch: search({
    cursor: text,
    reference: text,
    user_id: text,
    status: choice("created", "authorized", "failed", "captured", "partially_refunded", "refunded"),
    payment_method: choice("upi", "card", "netbanking"),
  }),
  component: lazyRouteComponent(() => import("./payment_list.tsx"), "PaymentList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/payments/$userId/$paymentId",
  component: lazyRouteComponent(() => import("./payment_detail.tsx"), "PaymentDetail"),
});

export const payments = room({
  name: "payments",
  menu: { label: { en: "Payments", hi: "भुगतान" }, group: "money", icon: CardIcon, to: "/payments" },
  permission: "Payments:read",
  scoped: false,
  routes: [listRoute, detailRoute] as const,
});
