/// The words of the controls.
import { texts } from "./text.ts";

export const useWords = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
