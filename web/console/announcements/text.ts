import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Announcement } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Announcement["status"], Tone> = {
  draft: "info",
  scheduled: "warn",
  shown: "good",
  ended: "neutral",
  cancelled: "neutral",
};
