/// The typed client of the API: every call is signed in, repeated after a refresh or a step-up, and throws a Problem.
import createClient, { type FetchResponse, type MaybeOptionalInit } from "openapi-fetch";
import type { Connection } from "./connection.ts";
import { NoAnswer, type Problem, problemOf } from "./problem.ts";
import type { paths } from "./schema.d.ts";
import { Session } from "./session.ts";

/// Asks a person for a second factor. Resolves with true if it was verified.
export type StepUp = () => Promise<boolean>;

export interface Surroundings {
  session: Session;
  connection: Connection;
  /// Asked when the API wants a second factor for what a person does.
  stepUp: StepUp;
  /// A tag such as `hi`.
  language: () => string;
  fetch?: typeof globalThis.fetch;
}

/// A `fetch` for the API's routes. It answers 2xx and 304 only, and throws a Problem for anything else.
///
/// A request that is repeated is the same one, with the same Idempotency-Key: what it does happens once.
export function signedFetch(around: Surroundings) {
  const send = around.fetch ?? globalThis.fetch.bind(globalThis);

  async function once(request: Request, token: string | null): Promise<Response> {
    const copy = new Request(request.clone(), { credentials: "same-origin" });
    for (const [name, value] of Object.entries(around.session.headers())) copy.headers.set(name, value);
    copy.headers.set("Accept-Language", around.language());
    if (token) copy.headers.set("Authorization", `Bearer ${token}`);
    let response: Response;
    try {
      response = await send(copy);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      around.connection.lost();
      throw new NoAnswer();
    }
    if (response.status === 503) around.connection.unavailable();
    else around.connection.answered();
    return response;
  }

  return async (request: Request): Promise<Response> => {
    const { session } = around;
    const isOpen = session.state === "signed-out";
    let token = isOpen ? null : await session.token();
    let hasRefreshed = false;
    for (let attempt = 0; ; attempt++) {
      const response = await once(request, token);
      if (response.ok || response.status === 304) return response;
      const problem = await problemOf(response);
      if (token && Session.isStale(problem) && !hasRefreshed) {
        hasRefreshed = true;
        token = await session.refresh(token);
        continue;
      }
      if (token && problem.status === 401) session.end(problem.code);
      if (problem.code === "step_up_required" && attempt < 3 && (await around.stepUp())) {
        token = await session.token();
        continue;
      }
      throw problem;
    }
  };
}

export function createApi(around: Surroundings) {
  return createClient<paths>({ baseUrl: location.origin, fetch: signedFetch(around) });
}

export type Api = ReturnType<typeof createApi>;

/// What an answer holds; `fetch` above has thrown if it was none.
export async function data<T extends Record<string | number, unknown>, O, M extends `${string}/${string}`>(
  answer: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  return (await answer).data as NonNullable<FetchResponse<T, O, M>["data"]>;
}

export type { MaybeOptionalInit, Problem };
