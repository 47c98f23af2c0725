import type en from "./messages.en.ts";

export default {
  title: "ऑडिट",
  action: "काम",
  actionHint: "plan_updated",
  object: "किसके बारे में",
  objectId: "वस्तु की आईडी",
  requestId: "अनुरोध",
  actor: "किसने किया",
  actors: { user: "ग्राहक", admin: "एडमिन", system: "सिस्टम" },
  result: "परिणाम",
  at: "कब",
  empty: "इन फ़िल्टरों में कोई प्रविष्टि नहीं है।",
  changes: "क्या बदला",
  details: "विवरण",
  noChanges: "कुछ नहीं बदला।",
  reason: "कारण",
  address: "पता",
  customer: "ग्राहक",
  seal: "श्रृंखला में स्थान",
  notSealed: "अभी मुहरबंद नहीं",
} satisfies typeof en;
