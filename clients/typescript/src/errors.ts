import type { components } from "./schema.js";

export type Problem = components["schemas"]["ProblemOut"];

/** The API refused. `code` says why, for a program; `/errors/{code}` of the API says what it means. */
export class ApiError extends Error {
  readonly code: string;

  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    const fields = (problem.errors ?? []).map((one) => `; ${one.field}: ${one.message}`).join("");
    super(`${status} ${problem.code ?? ""}: ${problem.detail ?? ""}${fields}`);
    this.code = problem.code ?? `http_${status}`;
  }
}

/** No answer came, however often it was tried. Send it again with the same `Idempotency-Key`: it happens once. */
export class NoAnswer extends Error {
  constructor(
    cause: unknown,
    readonly idempotencyKey: string | null,
  ) {
    super("no answer", { cause });
  }
}

/** A webhook message that GenCharge did not sign, or that is too old. */
export class SignatureInvalid extends Error {}
