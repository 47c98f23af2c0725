import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { SpeechIcon } from "#ui/icons.tsx";
import { room, shellRoute } from "#ui/room.ts";
import { choice, search, text } from "#ui/search.ts";

export const listRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/enquiries",
  validateSearch: search({
    cursor: text,
    status: choice("open", "answered", "resolved", "spam"),
    category: choice("recharge", "payment", "refund", "wallet", "account", "offers", "complaint", "other"),
    owner: choice("me", "nobody"),
  }),
  component: lazyRouteComponent(() => import("./enquiry_list.tsx"), "EnquiryList"),
});

export const figuresRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/enquiries/figures",
  validateSearch: search({ from: text, to: text }),
  component: lazyRouteComponent(() => import("./figures_page.tsx"), "FiguresPage"),
});

export const detailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/enquiries/$enquiryId",
  component: lazyRouteComponent(() => import("./enquiry_detail.tsx"), "EnquiryDetail"),
});

export const contact = room({
  name: "contact",
  menu: { label: { en: "Enquiries", hi: "पूछताछ" }, group: "work", icon: SpeechIcon, to: "/enquiries" },
  permission: "Contact:read",
  scoped: true,
  routes: [listRoute, figuresRoute, detailRoute] as const,
});
