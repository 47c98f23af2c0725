import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Attempt, Autopay } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Autopay["status"], Tone> = {
  active: "good",
  paused: "warn",
  completed: "neutral",
  failed: "bad",
  cancelled: "neutral",
};
export const OUTCOME_TONES: Record<Attempt["outcome"], Tone> = {
  succeeded: "good",
  failed: "bad",
  abandoned: "bad",
  paused: "warn",
  skipped: "neutral",
};
