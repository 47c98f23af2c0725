import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Plan } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Plan["status"], Tone> = { draft: "info", active: "good", inactive: "neutral" };
