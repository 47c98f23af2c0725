import { expect, test } from "vitest";
import { changesOf, type Entry } from "./queries.ts";

const entry = (changes: Record<string, unknown>) => ({ changes }) as unknown as Entry;

test("a change has its old and its new value, false and null among them", () => {
  expect(changesOf(entry({ price: { old: 199, new: 219 }, on_sale: { old: true, new: false } }))).toEqual([
    { field: "price", before: 199, after: 219 },
    { field: "on_sale", before: true, after: false },
  ]);
});

test("what is in another form is shown as it is", () => {
  expect(changesOf(entry({ note: "x", tags: { a: 1 } }))).toEqual([
    { field: "note", before: undefined, after: "x" },
    { field: "tags", before: undefined, after: { a: 1 } },
  ]);
});
