import createClient, { type Client } from "openapi-fetch";

import { ApiError, type Problem } from "./errors.js";
import { RETRIES, type Retries, withRetries } from "./retries.js";
import type { components, paths } from "./schema.js";

type Tokens = components["schemas"]["TokensOut"];

export interface Options {
  retries?: Partial<Retries>;
  accessToken?: string;
  /** Of an earlier session: the client goes on with it. */
  refreshToken?: string;
  fetch?: (request: Request) => Promise<Response>;
}

/** Who is signed in. Keep `refreshToken` to go on later; it changes whenever tokens are renewed. */
export interface Session {
  accessToken: string | null;
  refreshToken: string | null;
}

/** A new `Idempotency-Key`. */
export const newKey = (): string => crypto.randomUUID();

/** Amounts are rupees with two decimals. Calculate in paise, which are whole numbers. */
export const toPaise = (rupees: number): number => Math.round(rupees * 100);
export const toRupees = (paise: number): number => paise / 100;

/** The API for customers and partners. `api` has every call with its types; calls are tried again, and tokens renewed. */
export class GenCharge {
  readonly api: Client<paths>;
  readonly session: Session;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #retries: Retries;
  #renewing: Promise<void> | null = null;

  constructor(baseUrl: string, options: Options = {}) {
    this.session = { accessToken: options.accessToken ?? null, refreshToken: options.refreshToken ?? null };
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#retries = { ...RETRIES, ...options.retries };
    this.api = createClient<paths>({ baseUrl, fetch: (request) => this.#send(request) });
  }

  /** Have a code sent to a customer's number. */
  async sendCode(phoneNumber: string): Promise<components["schemas"]["CodeSent"]> {
    return unwrap(await this.api.POST("/v1/auth/login", { body: { phone_number: phoneNumber } }));
  }

  /** Sign in with the code and the `challenge_id` that `sendCode` answered. */
  async signIn(phoneNumber: string, code: string, challengeId: string): Promise<Tokens> {
    const body = { phone_number: phoneNumber, otp: code, challenge_id: challengeId };
    const tokens = unwrap(await this.api.POST("/v1/auth/verify-otp-login", { body }));
    this.#take(tokens);
    return tokens;
  }

  async #send(request: Request): Promise<Response> {
    // Signing in and renewing take no token, and a refusal there is final.
    if (new URL(request.url).pathname.startsWith("/v1/auth/")) return this.#sendWith(request, this.#tokenOf(request));
    const token = this.session.accessToken;
    const response = await this.#sendWith(request.clone(), token);
    if (response.status !== 401 || !token || !this.session.refreshToken) return response;
    await response.body?.cancel();
    // Requests that were refused together wait for one renewal.
    if (this.session.accessToken === token) await (this.#renewing ??= this.#renew());
    return this.#sendWith(request, this.session.accessToken);
  }

  /** Of the calls below `/v1/auth` those about sessions need a token. */
  #tokenOf(request: Request): string | null {
    return /\/(logout|sessions|register)/.test(request.url) ? this.session.accessToken : null;
  }

  #sendWith(request: Request, token: string | null): Promise<Response> {
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return withRetries(request, this.#fetch, this.#retries);
  }

  async #renew(): Promise<void> {
    try {
      const body = { refresh_token: this.session.refreshToken };
      this.#take(unwrap(await this.api.POST("/v1/auth/refresh", { body })));
    } finally {
      this.#renewing = null;
    }
  }

  #take(tokens: Tokens): void {
    this.session.accessToken = tokens.access_token;
    this.session.refreshToken = tokens.refresh_token;
  }
}

/** What a call of `api` answered; throws ApiError if it was refused. */
export function unwrap<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (!result.response.ok) {
    const problem = typeof result.error === "object" && result.error !== null ? result.error : {};
    throw new ApiError(result.response.status, problem as Partial<Problem>);
  }
  return result.data as T;
}

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** All items of a list: `for await (const plan of items((cursor) => client.api.GET("/v1/plans", ...)))`. */
export async function* items<T>(
  read: (cursor: string | undefined) => Promise<{ data?: Page<T>; error?: unknown; response: Response }>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = unwrap(await read(cursor));
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
