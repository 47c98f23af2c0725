/**
 * Recharge a number, and wait until GenCharge's webhook says that it arrived.
 *
 *     node dist/examples/recharge.js http://127.0.0.1:8000 +919000001001 111111 9999 whsec_...
 */
import { createServer } from "node:http";

import { GenCharge, items, newKey, unwrap, verify, type Message } from "../src/index.js";

const [api, phone, code, port, secret] = process.argv.slice(2) as [string, string, string, string, string];
const messages: Message[] = [];
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    try {
      messages.push(verify(secret, request.headers, Buffer.concat(parts).toString()));
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end();
    }
  });
});
await new Promise<void>((resolve) => server.listen(Number(port), "127.0.0.1", resolve));

const client = new GenCharge(api);
const sent = await client.sendCode(phone);
await client.signIn(phone, code, sent.challenge_id);
const found = unwrap(await client.api.GET("/v1/operators/lookup", { params: { query: { phone_number: phone } } }));
const query = { operator: found.operator ?? undefined, category: "unlimited", sort: "price", limit: 5 } as const;
const plans = items((cursor) => client.api.GET("/v1/plans", { params: { query: { ...query, cursor } } }));
const plan = (await plans.next()).value;
if (!plan) throw new Error("no plan is on sale");
const choice = { phone_number: phone, plan_id: plan.plan_id };
const quote = unwrap(await client.api.POST("/v1/recharge/quote", { body: choice }));
console.log(`${plan.name}: ₹${quote.payable.toFixed(2)}`);
const recharge = unwrap(
  await client.api.POST("/v1/recharge/subscribe", {
    params: { header: { "Idempotency-Key": newKey() } },
    body: { ...choice, payment_method: "wallet", expected_price: quote.payable },
  }),
);
const isOurs = (message: Message) =>
  message.type === "recharge.delivered" && "recharge_id" in message.data && message.data.recharge_id === recharge.recharge_id;
const end = Date.now() + 60_000;
while (!messages.some(isOurs) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
server.close();
server.closeAllConnections();
console.log(messages.find(isOurs)?.type ?? "no message within a minute");
process.exitCode = messages.some(isOurs) ? 0 : 1;
