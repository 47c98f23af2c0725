/// Messages by language. A language is loaded when it is chosen; each message has its type.

export type Language = "en" | "hi";
export const LANGUAGES: Record<Language, string> = { en: "English", hi: "हिन्दी" };

/// The files of messages. English says which keys there are and what each takes; another language `satisfies` it.
export interface Loaders<T> {
  en: () => Promise<{ default: T }>;
  hi: () => Promise<{ default: NoInfer<T> }>;
}

/// A word by number: `plural("en", 2, { one: "1 row", other: "2 rows" })`.
export function plural(language: Language, count: number, forms: { one: string; other: string }): string {
  return new Intl.PluralRules(language).select(count) === "one" ? forms.one : forms.other;
}

/// What was chosen before, or what the browser asks for.
export function firstLanguage(key: string): Language {
  const stored = localStorage.getItem(key);
  if (stored === "en" || stored === "hi") return stored;
  return navigator.language.startsWith("hi") ? "hi" : "en";
}
