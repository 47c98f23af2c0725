import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Bill } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export const TONES: Record<Bill["status"], Tone> = {
  due: "warn",
  paying: "info",
  paid: "good",
  closed: "neutral",
};
