import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Status } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Status, Tone> = {
  open: "warn",
  answered: "info",
  resolved: "good",
  spam: "neutral",
};
