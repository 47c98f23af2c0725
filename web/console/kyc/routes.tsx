import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ApproveIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/customers/kyc",
  validateSearch: search({ cursor: text, status: choice("pending", "approved", "rejected") }),
  component: lazyRouteComponent(() => import("./request_list.tsx"), "RequestList"),
});

/// Of the API's room `users`. A tier decides what a wallet may hold, so it takes the permission of wallets.
export const kyc = room({
  name: "kyc",
  menu: {
    label: { en: "KYC requests", hi: "केवाईसी अनुरोध" },
    group: "customers",
    icon: ApproveIcon,
    to: "/customers/kyc",
  },
  permission: "Wallet:read",
  scoped: false,
  routes: [listRoute] as const,
});
