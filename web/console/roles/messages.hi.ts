import type en from "./messages.en.ts";

export default {
  title: "भूमिकाएँ",
  lead: "कौन क्या कर सकता है। बदलाव उस भूमिका के सब लोगों के अगले अनुरोध से लागू होता है।",
  create: "नई भूमिका",
  resource: "किस बारे में",
  admins: "कितने एडमिन",
  actions: { read: "देखना", write: "बनाना", edit: "बदलना", delete: "हटाना" },
  removeTitle: (name: string) => `${name} हटाएँ`,
} satisfies typeof en;
