/// Messages of a part of the console, loaded when it is shown first. Waits by Suspense.
import { use } from "react";
import type { Loaders } from "#shared/i18n.ts";
import { useServices } from "./services.tsx";

/// `const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") })`
export function texts<T>(loaders: Loaders<T>): () => T {
  const loaded = new Map<string, Promise<T>>();
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each part, when its file is loaded
  return function useText() {
    const { language } = useServices();
    let promise = loaded.get(language);
    if (!promise) {
      promise = loaders[language]().then((module) => module.default);
      // A file that could not be loaded is asked for again.
      promise.catch(() => loaded.delete(language));
      loaded.set(language, promise);
    }
    return use(promise);
  };
}
