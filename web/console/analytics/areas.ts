/// What there are figures of, what a chart of it can show, and which rows stand behind a part of it.

export interface Area {
  /// What a role must allow besides Analytics:read.
  permission: string | null;
  scoped: boolean;
  show: readonly string[];
  measures: readonly string[];
}

export const AREAS = {
  transactions: {
    permission: null,
    scoped: true,
    show: [
      "trend",
      "operator",
      "circle",
      "plan_type",
      "category",
      "payment_method",
      "source",
      "hour",
      "failure",
    ],
    measures: ["delivered", "failed", "paid"],
  },
  revenue: {
    permission: null,
    scoped: true,
    show: ["trend", "operator", "channel", "plan", "circle", "payment_method", "source"],
    measures: [
      "paid",
      "delivered",
      "refunds",
      "discount",
      "refunded",
      "revenue",
      "cashback",
      "commission",
      "net",
    ],
  },
  delivery: {
    permission: "Recharge:read",
    scoped: true,
    show: ["trend", "operator", "channel", "wait", "failure"],
    measures: ["delivered", "failed", "delivered_amount", "failed_amount"],
  },
  funnel: {
    permission: "Recharge:read",
    scoped: true,
    show: ["trend", "operator", "payment_method", "source"],
    measures: ["delivered", "quoted", "sold", "paid"],
  },
  payments: {
    permission: "Payments:read",
    scoped: false,
    show: ["trend", "payment_method", "purpose", "source"],
    measures: ["captured", "created", "refunded", "captured_amount", "refunded_amount"],
  },
  users: { permission: "Users:read", scoped: false, show: ["trend", "hour"], measures: ["registered"] },
  "users-archive": {
    permission: "Users:read",
    scoped: false,
    show: ["trend", "by"],
    measures: ["archived"],
  },
  plans: {
    permission: "Plans:read",
    scoped: true,
    show: ["trend", "operator", "category", "plan_type", "plans"],
    measures: ["delivered", "refunded", "created", "delivered_amount"],
  },
  offers: {
    permission: "Offers:read",
    scoped: true,
    show: ["trend", "operator", "offers"],
    measures: ["used", "taken_back", "failed", "created", "used_amount"],
  },
  referrals: {
    permission: "Referrals:read",
    scoped: false,
    show: ["trend", "side"],
    measures: ["paid", "promised", "earned", "reversed", "paid_amount"],
  },
  autopay: {
    permission: "Autopay:read",
    scoped: true,
    show: ["trend", "operator", "tag", "reason"],
    measures: ["succeeded", "set_up", "failed", "abandoned", "paused", "skipped", "succeeded_amount"],
  },
  "current-active-plans": {
    permission: null,
    scoped: true,
    show: ["trend", "operator", "circle", "plan_type", "category", "kind"],
    measures: ["bought", "refunded", "paid"],
  },
  backups: {
    permission: "Backups:read",
    scoped: false,
    show: ["trend", "kind", "asked_by", "failure"],
    measures: ["created", "verified", "restored", "failed", "cancelled"],
  },
  admins: { permission: "Admins:read", scoped: false, show: ["trend"], measures: ["appointed"] },
} as const satisfies Record<string, Area>;

export type AreaName = keyof typeof AREAS;

export function areaOf(name: string | undefined): AreaName {
  return name !== undefined && name in AREAS ? (name as AreaName) : "transactions";
}

export interface Rows {
  to: string;
  search: Record<string, string>;
}

const LISTS: Partial<Record<AreaName, string>> = {
  transactions: "/recharges",
  revenue: "/recharges",
  delivery: "/recharges",
  plans: "/recharges",
  autopay: "/autopay",
  payments: "/payments",
};
const FILTERS: Record<string, readonly string[]> = {
  "/recharges": ["operator", "payment_method"],
  "/payments": ["payment_method"],
  "/autopay": ["operator"],
};

/// The rows behind a part of a distribution, if a list can show them; null if none can.
export function rowsOf(area: AreaName, part: string, key: string): Rows | null {
  if (part === "plans" || part === "plan" || part === "top_plans") return { to: `/plans/${key}`, search: {} };
  if (part === "offers") return { to: `/offers/${key}`, search: {} };
  const list = LISTS[area];
  if (!list || !FILTERS[list]?.includes(part)) return null;
  return { to: list, search: { [part]: key } };
}
