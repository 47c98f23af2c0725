/// What the API says when it refuses: an RFC 9457 problem document, as an exception.

export interface FieldProblem {
  /// Where: `body.reason`, `query.phone_number`.
  field: string;
  message: string;
  code: string;
}

export class Problem extends Error {
  override name = "Problem";

  constructor(
    /// The HTTP status; 0 if no answer came.
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly fields: FieldProblem[] = [],
    readonly requestId = "",
    /// In how many seconds a repeat makes sense; null if the answer does not say.
    readonly retryAfterSeconds: number | null = null,
    /// The whole document.
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail);
  }

  /// True if the same request may succeed later, without a change by a person.
  get isTransient(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /// The message about one field of the body, if there is one.
  of(name: string): string | undefined {
    return this.fields.find((each) => each.field === name || each.field === `body.${name}`)?.message;
  }
}

/// No answer came: the network is away, or the server.
export class NoAnswer extends Problem {
  override name = "NoAnswer";

  constructor() {
    super(0, "no_answer", "The server did not answer.");
  }
}

/// The problem that an answer carries. Something between us and the API may answer with another body.
export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const after = Number.isNaN(retry) ? null : retry;
  const id = response.headers.get("X-Request-ID") ?? "";
  try {
    const body = await response.clone().json();
    if (typeof body?.code !== "string") throw new TypeError("not a problem document");
    return new Problem(
      response.status,
      body.code,
      body.detail ?? body.title ?? body.code,
      body.errors ?? [],
      body.request_id ?? id,
      after,
      body,
    );
  } catch {
    return new Problem(
      response.status,
      `http_${response.status}`,
      response.statusText || `HTTP ${response.status}`,
      [],
      id,
      after,
    );
  }
}
