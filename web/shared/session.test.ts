import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Session } from "./session.ts";

/// Answers of `/v1/auth/refresh`, one after the other, and how often it was asked.
function server(...answers: (Response | Error)[]) {
  return vi.fn<typeof fetch>(async () => {
    const answer = answers.shift() ?? new Error("nobody expected this request");
    if (answer instanceof Error) throw answer;
    return answer;
  });
}

const tokens = (token: string, seconds = 900) => Response.json({ access_token: token, expires_in: seconds });
const refusal = (status: number, code: string) => Response.json({ code, detail: code, status }, { status });
/// Messages between tabs take a turn of the loop, on a busy machine many.
const becomes = (session: Session, state: string) =>
  vi.waitFor(() => expect(session.state).toBe(state), { timeout: 15_000 });

const sessions: Session[] = [];
function open(send: typeof fetch): Session {
  const session = new Session("console", send);
  sessions.push(session);
  return session;
}

beforeEach(() => localStorage.clear());
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

describe("a session", () => {
  test("asks nothing of the server on a first visit", () => {
    const send = server();
    expect(open(send).state).toBe("signed-out");
    expect(send).not.toHaveBeenCalled();
  });

  test("resumes where this browser had signed in", async () => {
    localStorage.setItem("gencharge-console", "1");
    const session = open(server(tokens("one")));
    expect(session.state).toBe("unknown");
    expect(await session.token()).toBe("one");
    expect(session.state).toBe("signed-in");
  });

  test("refreshes once for many requests", async () => {
    localStorage.setItem("gencharge-console", "1");
    const send = server(tokens("one"));
    const session = open(send);
    expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual([
      "one",
      "one",
      "one",
    ]);
    expect(send).toHaveBeenCalledTimes(1);
  });

  test("renews a token shortly before it runs out, and names the client each time", async () => {
    const send = server(tokens("two"));
    const session = open(send);
    session.begin({ access_token: "one", expires_in: 5 });
    expect(await session.token()).toBe("two");
    const [, options] = send.mock.calls[0] ?? [];
    expect(options?.headers).toMatchObject({ "X-GenCharge-Client": "console" });
  });

  test("takes the token that another tab has got", async () => {
    const send = server();
    const here = open(send);
    const there = open(send);
    there.begin({ access_token: "one", expires_in: 900 });
    await becomes(here, "signed-in");
    expect(await here.token()).toBe("one");
    expect(await here.refresh("an older one")).toBe("one");
    expect(send).not.toHaveBeenCalled();
  });

  test("that ends, ends in every tab with its reason", async () => {
    const here = open(server());
    const there = open(server());
    here.begin({ access_token: "one", expires_in: 900 });
    await becomes(there, "signed-in");
    there.end("session_ended");
    await becomes(here, "signed-out");
    expect(here.endedBy).toBe("session_ended");
    expect(localStorage.getItem("gencharge-console")).toBeNull();
  });

  test("survives an answer that was lost", async () => {
    localStorage.setItem("gencharge-console", "1");
    const session = open(server(new TypeError("network"), tokens("one")));
    await expect(session.token()).rejects.toMatchObject({ code: "no_answer" });
    expect(session.state).toBe("unknown");
    expect(await session.token()).toBe("one");
  });

  test("ends when its refresh token is refused, and not when the API is away", async () => {
    localStorage.setItem("gencharge-console", "1");
    const session = open(
      server(refusal(503, "database_unavailable"), tokens("one", 5), refusal(401, "refresh_token_invalid")),
    );
    await expect(session.token()).rejects.toMatchObject({ status: 503 });
    expect(session.state).toBe("unknown");
    await session.token();
    await expect(session.token()).rejects.toMatchObject({ status: 401 });
    expect([session.state, session.endedBy]).toEqual(["signed-out", "refresh_token_invalid"]);
  });
});
