/// The words of the frame.
import { texts } from "#ui/text.ts";

export const useFrameWords = texts({
  en: () => import("./messages.en.ts"),
  hi: () => import("./messages.hi.ts"),
});
