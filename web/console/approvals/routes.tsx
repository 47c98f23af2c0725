import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ApproveIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const STATUSES = ["pending", "approved", "rejected", "cancelled", "expired"] as const;

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/approvals",
  validateSearch: search({ cursor: text, status: choice(...STATUSES) }),
  component: lazyRouteComponent(() => import("./approval_list.tsx"), "ApprovalList"),
});

/// Who may read or decide follows from each act, so the API shows every admin those that concern them.
export const approvals = room({
  name: "approvals",
  menu: { label: { en: "Approvals", hi: "मंज़ूरियाँ" }, group: "work", icon: ApproveIcon, to: "/approvals" },
  permission: null,
  scoped: true,
  routes: [listRoute] as const,
});
