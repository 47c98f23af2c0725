import { formatPaise, paiseOf } from "#shared/money.ts";
import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Offer } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Offer["status"], Tone> = { draft: "info", active: "good", inactive: "neutral" };

export interface Gain {
  kind: "flat" | "percent";
  amount?: number;
  percent?: number;
  cap?: number;
}

/// `₹50`, `10 % up to ₹75`
export function gainOf(gain: unknown, upTo: (amount: string) => string): string | null {
  const { kind, amount, percent, cap } = (gain ?? {}) as Gain;
  if (kind === "flat") return formatPaise(paiseOf(amount ?? 0));
  if (kind === "percent") return `${percent} % ${upTo(formatPaise(paiseOf(cap ?? 0)))}`;
  return null;
}
