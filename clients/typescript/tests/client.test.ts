import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { ApiError, GenCharge, items, NoAnswer, SignatureInvalid, toPaise, toRupees, unwrap, verify } from "../src/index.js";

const QUICK = { firstWait: 1, longestWait: 500 };
const TOKENS = { access_token: "b", refresh_token: "r2", token_type: "bearer", expires_in: 60, kind: "user", user_id: "u" };
const COMMAND = { phone_number: "9000001001", plan_id: "0198c0de-0000-7000-8000-000000000000", payment_method: "wallet" } as const;
const KEY = { params: { header: { "Idempotency-Key": "till-7-1042" } } };

function refused(status: number, code: string, headers: Record<string, string> = {}): () => Response {
  return () => Response.json({ status, code, detail: "?" }, { status, headers });
}

const lost = (): Response => {
  throw new TypeError("cut off");
};

/** Answers one after the other, and keeps what was sent. */
function network(...answers: (() => Response)[]) {
  const sent: Request[] = [];
  const bodies: string[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    sent.push(request);
    bodies.push(await request.clone().text());
    const answer = answers[sent.length - 1];
    assert.ok(answer, "one request too many");
    return answer();
  };
  return { sent, bodies, fetch };
}

test("a recharge whose answer is lost goes again with the same key and body", async () => {
  const { sent, bodies, fetch } = network(lost, refused(503, "database_unavailable"), refused(409, "idempotency_in_progress"), refused(409, "price_changed"));
  const client = new GenCharge("http://api", { fetch, retries: QUICK });
  const result = await client.api.POST("/v1/recharge/subscribe", { ...KEY, body: COMMAND });
  assert.throws(() => unwrap(result), (error: ApiError) => error.code === "price_changed" && error.status === 409);
  assert.equal(sent.length, 4);
  assert.deepEqual(new Set(sent.map((one) => one.headers.get("idempotency-key"))), new Set(["till-7-1042"]));
  assert.equal(new Set(bodies).size, 1);
});

test("when no answer comes at all the key is told", async () => {
  const { sent, fetch } = network(lost, lost, lost, lost);
  const client = new GenCharge("http://api", { fetch, retries: QUICK });
  const call = client.api.POST("/v1/recharge/subscribe", { ...KEY, body: COMMAND });
  await assert.rejects(call, (error: NoAnswer) => error.idempotencyKey === "till-7-1042");
  assert.equal(sent.length, 4);
});

test("a post without a key is sent again only after 429", async () => {
  for (const [answers, count] of [
    [[lost], 1],
    [[refused(503, "database_unavailable")], 1],
    [[refused(429, "rate_limited", { "Retry-After": "0" }), refused(404, "plan_not_found")], 2],
    [[refused(429, "rate_limited", { "Retry-After": "3600" })], 1],
  ] as const) {
    const { sent, fetch } = network(...answers);
    const client = new GenCharge("http://api", { fetch, retries: QUICK });
    await client.api.POST("/v1/recharge/quote", { body: COMMAND }).catch((error: unknown) => assert.ok(error instanceof NoAnswer));
    assert.equal(sent.length, count);
  }
});

test("calls that are refused together renew the token once", async () => {
  let renewals = 0;
  const fetch = async (request: Request): Promise<Response> => {
    if (request.url.endsWith("/v1/auth/refresh")) {
      renewals += 1;
      assert.equal(request.headers.get("authorization"), null);
      return Response.json(TOKENS);
    }
    return request.headers.get("authorization") === "Bearer b" ? Response.json({ balance: 1 }) : refused(401, "access_token_expired")();
  };
  const client = new GenCharge("http://api", { fetch, accessToken: "a", refreshToken: "r1" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.api.GET("/v1/wallet")));
  assert.ok(answers.every((one) => one.response.ok));
  assert.equal(renewals, 1);
  assert.equal(client.session.refreshToken, "r2");
});

test("a list is read page by page", async () => {
  const pages: Record<string, unknown> = { "": { items: [1, 2], next_cursor: "c" }, c: { items: [], next_cursor: "d" }, d: { items: [3], next_cursor: null } };
  const fetch = async (request: Request): Promise<Response> => Response.json(pages[new URL(request.url).searchParams.get("cursor") ?? ""]);
  const client = new GenCharge("http://api", { fetch });
  const all: unknown[] = [];
  for await (const one of items((cursor) => client.api.GET("/v1/plans", { params: { query: { cursor } } }))) all.push(one);
  assert.deepEqual(all, [1, 2, 3]);
});

test("only what GenCharge signed is a message", () => {
  const secret = `whsec_${Buffer.from("a key of some thirty-two bytes..").toString("base64")}`;
  const body = JSON.stringify({ type: "recharge.delivered", timestamp: "2026-11-20T10:00:00Z", data: { amount: 299.1 } });
  const now = 1_795_000_000;
  const sign = (text: string, key = secret) => `v1,${createHmac("sha256", Buffer.from(key.slice(6), "base64")).update(`msg_1.${now}.${text}`).digest("base64")}`;
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(now), "webhook-signature": `v1,old ${sign(body)}` };
  assert.equal(verify(["whsec_b3RoZXI=", secret], headers, body, now).type, "recharge.delivered");
  for (const [named, text, at] of [
    [headers, body.replace("299.1", "1"), now],
    [{ ...headers, "webhook-id": "msg_2" }, body, now],
    [{ ...headers, "webhook-signature": sign(body, "whsec_b3RoZXI=") }, body, now],
    [headers, body, now + 301],
    [headers, body, now - 301],
    [{}, body, now],
  ] as const) {
    assert.throws(() => verify(secret, named, text, at), SignatureInvalid);
  }
});

test("money is counted in paise", () => {
  assert.equal(toPaise(19.99), 1999);
  assert.equal(toRupees(toPaise(253.39) + toPaise(0.1)), 253.49);
});
