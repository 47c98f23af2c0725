import { NoAnswer } from "./errors.js";

/** How often a request is tried, and how long is waited in between, in milliseconds. */
export interface Retries {
  attempts: number;
  firstWait: number;
  longestWait: number;
}

export const RETRIES: Retries = { attempts: 4, firstWait: 500, longestWait: 30_000 };
type Fetch = (request: Request) => Promise<Response>;

/**
 * Send the request, again after a failure of the network, 429 and 503 if sending it twice can do no harm: a read, a
 * replacement, a deletion, or a POST with an `Idempotency-Key`. Any other request is sent again only after 429: `fetch` does
 * not say whether a connection was made.
 */
export async function withRetries(request: Request, send: Fetch, retries: Retries): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt >= retries.attempts;
    let milliseconds: number | null;
    try {
      const response = await send(request.clone());
      milliseconds = last || !(await refusedForNow(request, response)) ? null : waitFor(response, attempt, retries);
      if (milliseconds === null) return response;
      await response.body?.cancel();
    } catch (error) {
      // Cancelled by the caller.
      if (request.signal.aborted) throw error;
      if (last || !isHarmless(request)) throw new NoAnswer(error, request.headers.get("idempotency-key"));
      milliseconds = backOff(attempt, retries);
    }
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

function isHarmless(request: Request): boolean {
  return ["GET", "HEAD", "PUT", "DELETE"].includes(request.method) || request.headers.has("idempotency-key");
}

async function refusedForNow(request: Request, response: Response): Promise<boolean> {
  if (response.status === 409) {
    // The same key is being worked on: its answer comes soon.
    const problem: unknown = await response.clone().json().catch(() => null);
    return (problem as { code?: string } | null)?.code === "idempotency_in_progress";
  }
  return response.status === 429 || (response.status === 503 && isHarmless(request));
}

/** Null: it is asked to wait for too long. */
function waitFor(response: Response, attempt: number, retries: Retries): number | null {
  const asked = response.headers.get("retry-after");
  if (asked === null || !/^\d+$/.test(asked)) return backOff(attempt, retries);
  return Number(asked) * 1000 <= retries.longestWait ? Number(asked) * 1000 : null;
}

/** Half of it is random, so that many clients don't come back at the same time. */
function backOff(attempt: number, retries: Retries): number {
  return Math.min(retries.firstWait * 2 ** (attempt - 1), retries.longestWait) * (0.5 + Math.random() / 2);
}
