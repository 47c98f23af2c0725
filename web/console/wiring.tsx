/// All rooms of the console. A new room is its folder, and its name in ROOMS.
import { createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { admins } from "./admins/routes.tsx";
import { analytics } from "./analytics/routes.tsx";
import { announcements } from "./announcements/routes.tsx";
import { approvals } from "./approvals/routes.tsx";
import { audit } from "./audit/routes.tsx";
import { autopay } from "./autopay/routes.tsx";
import { backups } from "./backups/routes.tsx";
import { bills } from "./bills/routes.tsx";
import { campaigns } from "./campaigns/routes.tsx";
import { complaints } from "./complaints/routes.tsx";
import { contact } from "./contact/routes.tsx";
import { content } from "./content/routes.tsx";
import { NoPage } from "./frame/refusals.tsx";
import { Shell } from "./frame/shell.tsx";
import { home } from "./home/routes.tsx";
import { inbox } from "./inbox/routes.tsx";
import { kyc } from "./kyc/routes.tsx";
import { mandates } from "./mandates/routes.tsx";
import { messages } from "./messages/routes.tsx";
import { notifications } from "./notifications/routes.tsx";
import { offers } from "./offers/routes.tsx";
import { operators } from "./operators/routes.tsx";
import { payments } from "./payments/routes.tsx";
import { payouts } from "./payouts/routes.tsx";
import { plans } from "./plans/routes.tsx";
import { recharge } from "./recharge/routes.tsx";
import { reconciliation } from "./reconciliation/routes.tsx";
import { referrals } from "./referrals/routes.tsx";
import { reports } from "./reports/routes.tsx";
import { roles } from "./roles/routes.tsx";
import { rootRoute, shellRoute } from "./ui/room.ts";
import { parseSearch, stringifySearch } from "./ui/search.ts";
import { users } from "./users/routes.tsx";
import { velocity } from "./velocity/routes.tsx";
import { wallet } from "./wallet/routes.tsx";
import { webhooks } from "./webhooks/routes.tsx";
import { work } from "./work/routes.tsx";

/// In the order of the menu.
export const ROOMS = [
  home,
  inbox,
  work,
  approvals,
  contact,
  complaints,
  users,
  kyc,
  referrals,
  recharge,
  bills,
  payments,
  payouts,
  autopay,
  mandates,
  wallet,
  velocity,
  reconciliation,
  plans,
  offers,
  campaigns,
  operators,
  analytics,
  reports,
  audit,
  announcements,
  notifications,
  messages,
  content,
  webhooks,
  backups,
  admins,
  roles,
] as const;

shellRoute.update({ component: () => <Shell rooms={ROOMS} /> });
/// Any other address: said inside the frame, so that one finds back.
const noPage = createRoute({ getParentRoute: () => shellRoute, path: "$", component: NoPage });
type RoomRoute = (typeof ROOMS)[number]["routes"][number];
const pages = ROOMS.flatMap((room): RoomRoute[] => [...room.routes]);

export const router = createRouter({
  routeTree: rootRoute.addChildren([shellRoute.addChildren([...pages, noPage])]),
  basepath: "/console",
  parseSearch,
  stringifySearch,
  defaultNotFoundComponent: NoPage,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

export function Pages() {
  return <RouterProvider router={router} />;
}
