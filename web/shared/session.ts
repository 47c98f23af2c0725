/// A session in a browser: the access token in this page's memory, the refresh token in a cookie that scripts can't read.
///
/// All tabs share one session. The tab that holds the lock refreshes, and gives the new token to the others; when one
/// ends the session, all end. Nothing is asked of the server on a first visit: a mark in localStorage says whether this
/// browser has signed in.
import { NoAnswer, type Problem, problemOf } from "./problem.ts";

export type Client = "console" | "app";

export interface Tokens {
  access_token: string;
  /// Seconds from now.
  expires_in: number;
}

interface Stored {
  token: string;
  /// Milliseconds since 1970, by this machine's clock.
  expiresAt: number;
}

export type State = "unknown" | "signed-out" | "signed-in";

type Note =
  | { kind: "token"; token: string; expiresAt: number }
  | { kind: "end"; code: string }
  | { kind: "begin" };

/// The codes of a 401 that a new token mends.
const STALE = new Set(["access_token_expired", "access_token_invalid", "not_signed_in"]);
/// A token is renewed so early that it does not run out on its way.
const MARGIN_MS = 10_000;
/// So long a note to the other tabs may take.
const SPREADS_MS = 250;

export class Session {
  state: State;
  /// Why the session ended, as a code of the API; empty if the person signed out or was never here.
  endedBy = "";
  private stored: Stored | null = null;
  private running: Promise<string> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly channel: BroadcastChannel;
  private readonly name: string;

  constructor(
    readonly client: Client,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {
    this.name = `gencharge-${client}`;
    this.state = localStorage.getItem(this.name) ? "unknown" : "signed-out";
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (event: MessageEvent<Note>) => this.hear(event.data);
  }

  /// Called after each change of `state`; the answer stops it.
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getState = (): State => this.state;

  headers(): Record<string, string> {
    return { "X-GenCharge-Client": this.client };
  }

  /// This browser signed in: `tokens` as the API answered them.
  begin(tokens: Tokens): void {
    localStorage.setItem(this.name, "1");
    this.endedBy = "";
    this.keep(tokens);
    this.become("signed-in");
    this.tell({ kind: "begin" });
  }

  /// A token that replaces the last one of the same session, such as after a second factor.
  keep(tokens: Tokens): void {
    this.stored = { token: tokens.access_token, expiresAt: Date.now() + tokens.expires_in * 1000 };
    this.tell({ kind: "token", ...this.stored });
  }

  /// The session is over, in every tab. `code`: why.
  end(code = ""): void {
    this.forget(code);
    this.tell({ kind: "end", code });
  }

  /// A token that is valid for some seconds more. Throws Problem: NoAnswer, or what ended the session.
  async token(): Promise<string> {
    if (this.stored && this.stored.expiresAt - MARGIN_MS > Date.now()) return this.stored.token;
    return this.refresh(this.stored?.token);
  }

  /// A token other than `refused`, from another tab or from the server. Throws Problem.
  refresh(refused?: string): Promise<string> {
    this.running ??= this.underLock(refused).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /// True if a new token may mend this refusal.
  static isStale(problem: Problem): boolean {
    return problem.status === 401 && STALE.has(problem.code);
  }

  close(): void {
    this.channel.close();
    this.listeners.clear();
  }

  private async underLock(refused: string | undefined): Promise<string> {
    const fresh = () => {
      const now = this.stored;
      return now && now.token !== refused && now.expiresAt - MARGIN_MS > Date.now() ? now.token : null;
    };
    // Only pages with TLS, and on localhost, have locks. Without them two tabs may both ask, and the API takes that.
    if (!("locks" in navigator)) return fresh() ?? this.ask();
    return new Promise((resolve, reject) => {
      const renew = async () => {
        // Another tab was faster, while we waited for the lock.
        const token = fresh();
        if (token) return resolve(token);
        await this.ask().then(resolve, reject);
        // The next tab gets the lock once it has heard of the new token.
        await new Promise((heard) => setTimeout(heard, SPREADS_MS));
      };
      navigator.locks.request(this.name, renew).catch(reject);
    });
  }

  private async ask(): Promise<string> {
    let response: Response;
    try {
      response = await this.fetch("/v1/auth/refresh", {
        method: "POST",
        headers: { ...this.headers(), "Content-Type": "application/json" },
        credentials: "same-origin",
        body: "{}",
      });
    } catch {
      throw new NoAnswer();
    }
    if (!response.ok) {
      const problem = await problemOf(response);
      if (problem.status === 401 || problem.status === 403)
        this.end(this.state === "signed-in" ? problem.code : "");
      throw problem;
    }
    const tokens = (await response.json()) as Tokens;
    this.keep(tokens);
    this.become("signed-in");
    return tokens.access_token;
  }

  private hear(note: Note): void {
    if (note.kind === "token") {
      this.stored = { token: note.token, expiresAt: note.expiresAt };
    } else if (note.kind === "end") {
      this.forget(note.code);
    } else if (this.state !== "signed-in") {
      this.endedBy = "";
      this.become("signed-in");
    }
  }

  private forget(code: string): void {
    localStorage.removeItem(this.name);
    this.stored = null;
    this.endedBy = code;
    this.become("signed-out");
  }

  private become(state: State): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private tell(note: Note): void {
    this.channel.postMessage(note);
  }
}
