import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { File } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<File["status"], Tone> = {
  waiting: "neutral",
  running: "info",
  ready: "good",
  failed: "bad",
  cancelled: "neutral",
};
