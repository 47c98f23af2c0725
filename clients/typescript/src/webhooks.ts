import { createHmac, timingSafeEqual } from "node:crypto";

import { SignatureInvalid } from "./errors.js";
import type { components } from "./schema.js";

type Schemas = components["schemas"];
export type Message = Schemas["RechargeMessage"] | Schemas["PaymentMessage"] | Schemas["RefundMessage"];

/** How old a message may be, and how far in the future. */
const TOLERANCE_SECONDS = 300;

/**
 * The message that came to your server, if GenCharge signed it (standardwebhooks.com); throws SignatureInvalid. `secrets`: the
 * endpoint's `whsec_...`, or both while it is being changed. `body`: the text as it came. `now`: Unix seconds.
 */
export function verify(
  secrets: string | string[],
  headers: Headers | Record<string, string | string[] | undefined>,
  body: string,
  now: number = Date.now() / 1000,
): Message {
  const named = headers instanceof Headers ? headers : new Headers(plain(headers));
  const id = named.get("webhook-id") ?? "";
  const sentAt = named.get("webhook-timestamp") ?? "";
  if (!id || !/^\d+$/.test(sentAt)) throw new SignatureInvalid("the headers webhook-id and webhook-timestamp are missing");
  if (Math.abs(now - Number(sentAt)) > TOLERANCE_SECONDS) throw new SignatureInvalid("the message is too old, or this clock is wrong");
  const expected = [secrets].flat().map((secret) => signature(secret, `${id}.${sentAt}.${body}`));
  const signatures = (named.get("webhook-signature") ?? "").split(" ").map((one) => Buffer.from(one));
  const genuine = expected.some((one) => signatures.some((sent) => sent.length === one.length && timingSafeEqual(sent, one)));
  if (!genuine) throw new SignatureInvalid("no signature is made with this secret");
  return JSON.parse(body) as Message;
}

function signature(secret: string, content: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return Buffer.from(`v1,${createHmac("sha256", key).update(content).digest("base64")}`);
}

function plain(headers: Record<string, string | string[] | undefined>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as [string, string]] : []));
}
