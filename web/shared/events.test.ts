import { describe, expect, test } from "vitest";
import { EventParser, listen, type Received } from "./events.ts";
import { Session } from "./session.ts";

describe("the parser of events", () => {
  test("waits for the end of an event, wherever the network cuts it", () => {
    const parser = new EventParser();
    const text = 'id: 7\nevent: figures\ndata: {"a":\ndata: 1}\n\n: heartbeat\n\n';
    const events = [...text].flatMap((letter) => parser.push(letter));
    expect(events).toEqual([{ event: "figures", data: '{"a":\n1}', id: "7" }]);
  });

  test("remembers the last id for events without one", () => {
    const parser = new EventParser();
    expect(parser.push("id: 1\n\ndata: x\n\n")).toEqual([{ event: "message", data: "x", id: "1" }]);
  });
});

function stream(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}

describe("listening", () => {
  test("comes back with the last id, and ends the session when the stream says so", async () => {
    localStorage.clear();
    const session = new Session("console");
    session.begin({ access_token: "one", expires_in: 900 });
    const asked: Headers[] = [];
    const answers = [
      stream(
        'id: 4\nevent: notification\ndata: {}\n\nevent: end\ndata: {"code":"server_restarting","reconnect_after_seconds":0}\n\n',
      ),
      stream('event: end\ndata: {"code":"session_ended","reconnect_after_seconds":null}\n\n'),
    ];
    const received: Received[] = [];
    await listen({
      session,
      path: "/v1/notifications/stream",
      signal: new AbortController().signal,
      onEvent: (event) => received.push(event),
      fetch: async (_, options) => {
        asked.push(new Headers(options?.headers));
        return answers.shift() ?? Response.error();
      },
    });
    expect(received.map((each) => each.event)).toEqual(["notification"]);
    expect(asked.map((headers) => headers.get("Last-Event-ID"))).toEqual([null, "4"]);
    expect([session.state, session.endedBy]).toEqual(["signed-out", "session_ended"]);
    session.close();
  });

  test("stops for good where the role does not allow it", async () => {
    localStorage.clear();
    const session = new Session("console");
    session.begin({ access_token: "one", expires_in: 900 });
    let asked = 0;
    await listen({
      session,
      path: "/v1/analytics/live",
      signal: new AbortController().signal,
      onEvent: () => undefined,
      fetch: async () => {
        asked++;
        return Response.json({ code: "permission_denied", detail: "no" }, { status: 403 });
      },
    });
    expect(asked).toBe(1);
    session.close();
  });
});
