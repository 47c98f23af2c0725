import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Run } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Run["status"] | "ready", Tone> = {
  waiting: "neutral",
  running: "info",
  ready: "good",
  succeeded: "good",
  failed: "bad",
  cancelled: "neutral",
};
