import type en from "./messages.en.ts";

export default {
  title: "रिचार्ज",
} satisfies typeof en;
