/// Server-sent events by `fetch`, because EventSource can't send a token: reads, and comes back when it ends.
import { NoAnswer, problemOf } from "./problem.ts";
import type { Session } from "./session.ts";

export interface Received {
  event: string;
  data: string;
  id: string;
}

/// Splits a stream of text into events (HTML, section 9.2.6). Keeps what is not complete yet.
export class EventParser {
  private rest = "";
  private current: Received = { event: "message", data: "", id: "" };
  private lastId = "";

  push(text: string): Received[] {
    const events: Received[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.current.data !== "")
          events.push({ ...this.current, id: this.lastId, data: this.current.data.slice(0, -1) });
        this.current = { event: "message", data: "", id: "" };
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.current.event = value;
      else if (field === "data") this.current.data += `${value}\n`;
      else if (field === "id") this.lastId = value;
    }
    return events;
  }
}

/// Codes with which the API says that coming back is of no use in this session.
const FINAL = new Set(["permission_denied", "users_only", "admins_only", "second_factor_required"]);
const ENDS_SESSION = new Set(["session_ended", "user_blocked", "admin_blocked"]);
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

export interface Listening {
  session: Session;
  path: string;
  onEvent: (received: Received) => void;
  signal: AbortSignal;
  fetch?: typeof globalThis.fetch;
}

/// Listen until `signal` aborts. A stream that ends, breaks or is refused is opened again, later each time.
export async function listen({
  session,
  path,
  onEvent,
  signal,
  fetch: send = globalThis.fetch,
}: Listening): Promise<void> {
  let lastId = "";
  let waitMs = FIRST_MS;
  while (!signal.aborted) {
    let end: { code: string; reconnect_after_seconds: number | null } | null = null;
    try {
      const token = await session.token();
      const headers: Record<string, string> = {
        Authorization: `Bearer ${token}`,
        Accept: "text/event-stream",
        ...session.headers(),
      };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const response = await send(path, { headers, signal, cache: "no-store" });
      if (!response.ok) {
        const problem = await problemOf(response);
        if (problem.status === 401) await session.refresh(token);
        else if (FINAL.has(problem.code)) return;
        throw problem;
      }
      const parser = new EventParser();
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) break;
        for (const received of parser.push(part.value)) {
          waitMs = FIRST_MS;
          if (received.id) lastId = received.id;
          if (received.event === "end") end = JSON.parse(received.data);
          else onEvent(received);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (session.state === "signed-out") return;
      if (!(error instanceof NoAnswer) && !(error instanceof Error)) throw error;
    }
    if (end && ENDS_SESSION.has(end.code)) {
      session.end(end.code);
      return;
    }
    if (end && FINAL.has(end.code)) return;
    const after =
      end?.code === "access_token_expired" ? 0 : Math.max((end?.reconnect_after_seconds ?? 0) * 1000, waitMs);
    waitMs = Math.min(waitMs * 2, LONGEST_MS);
    await pause(after, signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
