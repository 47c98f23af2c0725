/// What the pages of operators say.
import { texts } from "#ui/text.ts";
import type { Tone } from "#ui/values.tsx";
import type { Operator } from "./queries.ts";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export const STATUS_TONES: Record<Operator["status"], Tone> = { up: "good", degraded: "warn", down: "bad" };
