import type en from "./messages.en.ts";

export default {
  title: "बंद खातों के भुगतान",
  lead: "बंद किए गए खातों के वॉलेट में जो बचा था।",
  destination: "कहाँ जाएगा",
  proof: "बैंक का संदर्भ",
  empty: "इस फ़िल्टर में कोई भुगतान नहीं है।",
  statuses: { needs_payee: "प्राप्तकर्ता चाहिए", due: "भेजा जा रहा है", paid: "भुगतान हुआ" },
  send: "बताएँ कि कहाँ भेजें",
  sendLead: "UPI ID, या IFSC और खाताधारक के साथ खाता। कुछ भेजने से पहले बैंक से पूछा जाता है।",
  sent: "बैंक इसे पहचानता है। पैसे भेजे जा रहे हैं।",
  upi: "UPI ID",
  account: "खाता संख्या",
  ifsc: "IFSC",
  holder: "खाताधारक",
  settle: "हाथ से भुगतान हुआ",
  settleLead: "केवल तब, जब पैसे हमारे बैंक से जा चुके हों: इसके बाद कुछ नहीं भेजा जाएगा।",
  settled: "दर्ज किया गया।",
} satisfies typeof en;
