import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ShieldIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const heldBackRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/limits",
  validateSearch: search({
    cursor: text,
    phone_number: text,
    user_id: text,
    address: text,
    device_id: text,
    kind: choice("recharge", "topup"),
    rule: choice(
      "recharges_in_10_minutes",
      "recharges_in_a_day",
      "recharge_sum_in_a_day",
      "numbers_in_a_day",
      "recharges_of_number_in_a_day",
      "payers_of_number_in_a_day",
      "topups_in_an_hour",
      "topup_sum_in_a_day",
      "recharge_sum_while_cautious",
      "payers_of_address_in_a_day",
      "payers_of_device_in_a_day",
    ),
  }),
  component: lazyRouteComponent(() => import("./held_back_list.tsx"), "HeldBackList"),
});

export const allowancesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/limits/allowances",
  validateSearch: search({
    cursor: text,
    phone_number: text,
    address: text,
    is_live: choice("true", "false"),
  }),
  component: lazyRouteComponent(() => import("./allowance_list.tsx"), "AllowanceList"),
});

export const velocity = room({
  name: "velocity",
  menu: {
    label: { en: "Velocity limits", hi: "गति सीमाएँ" },
    group: "money",
    icon: ShieldIcon,
    to: "/limits",
  },
  permission: "Wallet:read",
  scoped: false,
  routes: [heldBackRoute, allowancesRoute] as const,
});
