import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Campaign } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Campaign["status"], Tone> = {
  scheduled: "info",
  selecting: "info",
  running: "good",
  ended: "neutral",
  cancelled: "neutral",
};
