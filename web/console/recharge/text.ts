import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Status } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export const TONES: Record<Status, Tone> = {
  payment_pending: "info",
  processing: "info",
  active: "good",
  paid: "good",
  queued: "info",
  expired: "neutral",
  replaced: "neutral",
  failed: "bad",
  refunded: "warn",
  cancelled: "neutral",
  unknown: "warn",
};

/// In these a recharge was delivered, so it can be taken back.
export const DELIVERED: ReadonlySet<Status> = new Set(["active", "queued", "expired", "replaced"]);
/// Of these there is a receipt.
export const RECEIPTED: ReadonlySet<Status> = new Set([...DELIVERED, "paid", "refunded"]);
