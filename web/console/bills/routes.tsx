import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { SheetIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/bills",
  validateSearch: search({
    cursor: text,
    phone_number: text,
    operator: text,
    user_id: text,
    status: choice("due", "paying", "paid", "closed"),
  }),
  component: lazyRouteComponent(() => import("./bill_list.tsx"), "BillList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/bills/$userId/$billId",
  component: lazyRouteComponent(() => import("./bill_detail.tsx"), "BillDetail"),
});

export const bills = room({
  name: "bills",
  menu: { label: { en: "Bills", hi: "बिल" }, group: "customers", icon: SheetIcon, to: "/bills" },
  permission: "Recharge:read",
  scoped: true,
  routes: [listRoute, detailRoute] as const,
});
