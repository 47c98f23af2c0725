import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Admin } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
export const TONES: Record<Admin["status"], Tone> = { active: "good", blocked: "bad", archived: "neutral" };
