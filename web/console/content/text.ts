import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Content } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Content["status"], Tone> = {
  draft: "info",
  scheduled: "warn",
  published: "good",
  ended: "neutral",
};
