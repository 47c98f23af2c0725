/** TypeScript client of the GenCharge API: recharges, wallet, webhooks. */
export * from "./client.js";
export * from "./errors.js";
export { RETRIES, type Retries } from "./retries.js";
export type { components, operations, paths } from "./schema.js";
export { type Message, verify } from "./webhooks.js";
