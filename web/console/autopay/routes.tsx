import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { RepeatIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/autopay",
  validateSearch: search({
    cursor: text,
    status: choice("active", "paused", "completed", "failed", "cancelled"),
    payment_method: choice("wallet", "mandate"),
    phone_number: text,
    operator: text,
    user_id: text,
  }),
  component: lazyRouteComponent(() => import("./autopay_list.tsx"), "AutopayList"),
});

export const topupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/autopay/topups",
  validateSearch: search({
    cursor: text,
    user_id: text,
    status: choice("active", "paused"),
    pause_reason: choice("customer", "mandate_ended", "mandate_limit", "account_inactive", "failing"),
    is_announced: choice("true", "false"),
  }),
  component: lazyRouteComponent(() => import("./topup_list.tsx"), "TopupList"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/autopay/$userId/$autopayId",
  validateSearch: search({ cursor: text }),
  component: lazyRouteComponent(() => import("./autopay_detail.tsx"), "AutopayDetail"),
});

export const autopay = room({
  name: "autopay",
  menu: { label: { en: "Autopay", hi: "ऑटोपे" }, group: "money", icon: RepeatIcon, to: "/autopay" },
  permission: "Autopay:read",
  scoped: true,
  pages: { "/autopay/topups": { scoped: false } },
  routes: [listRoute, topupsRoute, detailRoute] as const,
});
