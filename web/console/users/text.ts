import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export type Status = "active" | "blocked" | "deactivated" | "archived";
export const TONES: Record<Status, Tone> = {
  active: "good",
  blocked: "bad",
  deactivated: "warn",
  archived: "neutral",
};
