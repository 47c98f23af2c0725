import type en from "./messages.en.ts";

export default {
  title: "सूचनाएँ",
  lead: "आपसे जुड़ी घटनाएँ। शीर्षक उस पृष्ठ पर ले जाता है जिसके बारे में सूचना है।",
  what: "सूचना",
  state: "स्थिति",
  states: { unread: "नहीं देखी", seen: "देखी" },
  types: { transactional: "घटनाएँ", announcement: "घोषणाएँ" },
  allSeen: "सब को देखा हुआ करें",
  remove: (title: string) => `हटाएँ: ${title}`,
  empty: "इन फ़िल्टरों में कोई सूचना नहीं है।",
} satisfies typeof en;
