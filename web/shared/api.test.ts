import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signedFetch } from "./api.ts";
import { Connection } from "./connection.ts";
import { Session } from "./session.ts";

const URL_OF_BLOCK = "http://127.0.0.1/v1/users/1/block";
const refusal = (status: number, code: string, more = {}) =>
  Response.json({ code, detail: `because of ${code}`, request_id: "r-1", ...more }, { status });

let session: Session;
let connection: Connection;

function fetchOf(answers: (() => Response)[], stepUp = async () => true) {
  const requests: Request[] = [];
  const send: typeof fetch = async (input) => {
    requests.push(input as Request);
    const answer = answers.shift();
    if (!answer) throw new TypeError("network");
    return answer();
  };
  return { requests, call: signedFetch({ session, connection, stepUp, language: () => "hi", fetch: send }) };
}

const act = () =>
  new Request(URL_OF_BLOCK, {
    method: "POST",
    body: JSON.stringify({ reason: "fraud" }),
    headers: { "Idempotency-Key": "k-1" },
  });

beforeEach(() => {
  localStorage.clear();
  session = new Session("console", async () => Response.json({ access_token: "two", expires_in: 900 }));
  connection = new Connection(async () => new Response(null, { status: 503 }));
  session.begin({ access_token: "one", expires_in: 900 });
});
afterEach(() => session.close());

describe("a request", () => {
  test("carries the token, the client and the language", async () => {
    const { requests, call } = fetchOf([() => Response.json({})]);
    await call(act());
    const headers = requests[0]?.headers;
    expect(headers?.get("Authorization")).toBe("Bearer one");
    expect(headers?.get("X-GenCharge-Client")).toBe("console");
    expect(headers?.get("Accept-Language")).toBe("hi");
  });

  test("is repeated whole, with its key, after a refresh", async () => {
    const { requests, call } = fetchOf([
      () => refusal(401, "access_token_expired"),
      () => Response.json({ ok: true }),
    ]);
    expect(await (await call(act())).json()).toEqual({ ok: true });
    expect(requests.map((each) => each.headers.get("Authorization"))).toEqual(["Bearer one", "Bearer two"]);
    expect(requests.map((each) => each.headers.get("Idempotency-Key"))).toEqual(["k-1", "k-1"]);
    expect(await requests[1]?.json()).toEqual({ reason: "fraud" });
  });

  test("is repeated with its key after a second factor was verified", async () => {
    const stepUp = vi.fn(async () => {
      session.keep({ access_token: "stepped-up", expires_in: 900 });
      return true;
    });
    const { requests, call } = fetchOf(
      [() => refusal(403, "step_up_required"), () => Response.json({})],
      stepUp,
    );
    await call(act());
    expect(stepUp).toHaveBeenCalledTimes(1);
    expect(requests[1]?.headers.get("Authorization")).toBe("Bearer stepped-up");
    expect(requests[1]?.headers.get("Idempotency-Key")).toBe("k-1");
  });

  test("is refused when the person closes the dialog", async () => {
    const { requests, call } = fetchOf([() => refusal(403, "step_up_required")], async () => false);
    await expect(call(act())).rejects.toMatchObject({ code: "step_up_required" });
    expect(requests).toHaveLength(1);
  });

  test("that the API refuses is a Problem with its fields and its request id", async () => {
    const fields = [{ field: "body.reason", message: "Too short", code: "string_too_short" }];
    const { call } = fetchOf([() => refusal(422, "validation_failed", { errors: fields })]);
    const problem = await call(act()).catch((error: unknown) => error);
    expect(problem).toMatchObject({ status: 422, requestId: "r-1", fields });
    expect((problem as { of: (name: string) => string }).of("reason")).toBe("Too short");
  });

  test("of a session that was ended elsewhere ends it here", async () => {
    const { call } = fetchOf([() => refusal(401, "session_ended")]);
    await expect(call(act())).rejects.toMatchObject({ code: "session_ended" });
    expect([session.state, session.endedBy]).toEqual(["signed-out", "session_ended"]);
  });

  test("without an answer, or with 503, is seen by the banner", async () => {
    const { call } = fetchOf([() => refusal(503, "database_unavailable"), () => Response.json({})]);
    await expect(call(act())).rejects.toMatchObject({ isTransient: true });
    expect(connection.reach).toBe("unavailable");
    await call(act());
    expect(connection.reach).toBe("ok");
    await expect(call(act())).rejects.toMatchObject({ code: "no_answer" });
    expect(connection.reach).toBe("offline");
  });

  test("is sent without a token while nobody is signed in", async () => {
    session.end();
    const { requests, call } = fetchOf([() => Response.json({})]);
    await call(new Request("http://127.0.0.1/v1/auth/login", { method: "POST", body: "{}" }));
    expect(requests[0]?.headers.has("Authorization")).toBe(false);
  });
});
