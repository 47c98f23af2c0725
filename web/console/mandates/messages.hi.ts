import type en from "./messages.en.ts";

export default {
  title: "मैंडेट",
  lead: "ग्राहकों ने अपने बैंक को हमें अपने आप क्या चुकाने की अनुमति दी।",
  empty: "इन फ़िल्टरों में कोई मैंडेट नहीं है।",
  method: "भुगतान का तरीका",
  methods: { upi: "यूपीआई", card: "कार्ड", netbanking: "नेटबैंकिंग" },
  statuses: { pending: "बैंक की प्रतीक्षा में", active: "लागू", ended: "समाप्त" },
  ended: "क्यों समाप्त",
  reasons: {
    customer: "ग्राहक ने",
    bank: "बैंक ने",
    expired: "अवधि पूरी",
    not_approved: "मंज़ूर नहीं हुआ",
    account_closed: "खाता बंद",
  },
  most: "अधिकतम",
  expires: "तक",
  payment: "भुगतान",
  mandate: "मैंडेट",
} satisfies typeof en;
