import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { PeopleIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/customers",
  validateSearch: search({
    cursor: text,
    search: text,
    phone_number: text,
    status: choice("active", "blocked", "deactivated"),
    user_type: choice("prepaid", "postpaid"),
    kyc_tier: choice("small", "full"),
    sort: choice("created_at", "-created_at", "name", "-name"),
  }),
  component: lazyRouteComponent(() => import("./user_list.tsx"), "UserList"),
});

export const closedRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/customers/closed",
  validateSearch: search({
    cursor: text,
    search: text,
    phone_number: text,
    user_type: choice("prepaid", "postpaid"),
  }),
  component: lazyRouteComponent(() => import("./closed_list.tsx"), "ClosedList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/customers/$userId",
  validateSearch: search({
    tab: choice("overview", "recharges", "transactions", "ledger", "sessions"),
    cursor: text,
  }),
  component: lazyRouteComponent(() => import("./user_detail.tsx"), "UserDetail"),
});

export const users = room({
  name: "users",
  menu: { label: { en: "Customers", hi: "ग्राहक" }, group: "customers", icon: PeopleIcon, to: "/customers" },
  permission: "Users:read",
  scoped: false,
  routes: [listRoute, closedRoute, detailRoute] as const,
});
