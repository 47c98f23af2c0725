import type en from "./messages.en.ts";

export default {
  title: "पोस्टपेड बिल",
  lead: "ग्राहकों के मँगाए बिल, हर एक जैसा तब था।",
  empty: "इन फ़िल्टरों में कोई बिल नहीं है।",
  statuses: { due: "बकाया", paying: "भुगतान जारी", paid: "भुगतान हुआ", closed: "बंद" },
  left: "बाकी राशि",
  minimum: "कम से कम",
  part: "आंशिक भुगतान",
  parts: { exact: "पूरा एक साथ", minimum: "न्यूनतम या अधिक", any: "कोई भी राशि" },
  due: "देय तिथि",
  overdue: "तिथि बीत गई",
  named: "बिल पर नाम",
  circle: "सर्कल",
  period: "अवधि",
  fetched: "मँगाया गया",
  expires: "इसके बाद फिर मँगाएँ",
  billId: "बिल आईडी",
  payment: "इसका भुगतान",
  bill: (operator: string) => `${operator} का बिल`,
} satisfies typeof en;
