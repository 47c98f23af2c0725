/// What lives as long as the page: session, connection, client of the API, and what was read.
import { QueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Api, createApi } from "#shared/api.ts";
import { Connection } from "#shared/connection.ts";
import { firstLanguage, type Language } from "#shared/i18n.ts";
import { Problem } from "#shared/problem.ts";
import { Session } from "#shared/session.ts";
import { StepUpPrompt } from "./step_up.ts";

const LANGUAGE_KEY = "gencharge-language";
const ATTEMPTS = 3;
/// So long what was read is shown without a new look.
const FRESH_MS = 5_000;

export interface World {
  session: Session;
  connection: Connection;
  api: Api;
  queries: QueryClient;
  prompt: StepUpPrompt;
  /// The language of the next request.
  spoken: { language: Language };
}

export function createWorld(fetch?: typeof globalThis.fetch): World {
  const session = new Session("console", fetch);
  const connection = new Connection(fetch);
  const prompt = new StepUpPrompt();
  const spoken = { language: firstLanguage(LANGUAGE_KEY) };
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        // What the API refused, it refuses again.
        retry: (failures, error) => error instanceof Problem && error.isTransient && failures < ATTEMPTS,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  connection.onReturn(() => void queries.invalidateQueries());
  const api = createApi({
    session,
    connection,
    stepUp: prompt.ask,
    language: () => spoken.language,
    ...(fetch ? { fetch } : {}),
  });
  return { session, connection, api, queries, prompt, spoken };
}

/// The language of the page, kept in this browser.
export function useLanguage(world: World): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState(world.spoken.language);
  document.documentElement.lang = language;
  return [
    language,
    (next) => {
      localStorage.setItem(LANGUAGE_KEY, next);
      world.spoken.language = next;
      setLanguage(next);
    },
  ];
}
