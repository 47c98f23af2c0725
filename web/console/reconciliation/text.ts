import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Difference, Run } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const RUN_TONES: Record<Run["status"], Tone> = {
  running: "info",
  matched: "good",
  differences: "warn",
  failed: "bad",
};
export const TONES: Record<Difference["status"], Tone> = {
  open: "warn",
  claimed: "info",
  resolved: "good",
  superseded: "neutral",
};
