import type en from "./messages.en.ts";

export default {
  title: "केवाईसी अनुरोध",
  lead: "जो ग्राहक पूर्ण स्तर माँगते हैं। वॉलेट में कितना रह सकता है, इसी से तय होता है।",
  document: "क्या दिखाया",
  documents: {
    passport: "पासपोर्ट",
    driving_licence: "ड्राइविंग लाइसेंस",
    voter_id: "मतदाता पहचान पत्र",
    aadhaar: "आधार",
    pan: "पैन",
  },
  approve: "मंज़ूर करें",
  approveLead: "वॉलेट को तुरंत पूर्ण स्तर की सीमाएँ मिलेंगी।",
  evidence: "आपने क्या देखा",
  approved: "ग्राहक का स्तर अब पूर्ण है।",
  reject: "अस्वीकार करें",
  rejectLead: "ग्राहक कारण पढ़ेगा।",
  rejected: "अनुरोध अस्वीकार हुआ।",
  empty: "इस फ़िल्टर में कोई अनुरोध नहीं है।",
  statuses: { pending: "प्रतीक्षा में", approved: "मंज़ूर", rejected: "अस्वीकृत" },
} satisfies typeof en;
