import { expect, test } from "vitest";
import { onlyChanged } from "./edit.tsx";

test("only what a person changed is sent, and nothing means the same as null", () => {
  const was = { name: "Jio", price: 299, until: null, extras: ["a"] };
  expect(onlyChanged({ name: "Jio", price: 319, until: undefined, extras: ["a"] }, was)).toEqual({
    price: 319,
  });
  expect(onlyChanged({ name: "Jio", price: 299, extras: ["a", "b"] }, was)).toEqual({ extras: ["a", "b"] });
});

test("the other parts of a field stay as another admin has set them", () => {
  const was = {
    benefits: { sms: 100, data: 1_536, talktime: null },
    texts: { en: { title: "A", body: "B" } },
  };
  const now = {
    benefits: { sms: 100, data: 2_048 },
    texts: { en: { title: "A", body: "B2" }, hi: { title: "ए" } },
  };
  const wanted = {
    benefits: { sms: 200, data: 1_536, talktime: null },
    texts: { en: { title: "A2", body: "B" } },
  };
  expect(onlyChanged(wanted, was, now)).toEqual({
    benefits: { sms: 200, data: 2_048 },
    texts: { en: { title: "A2", body: "B2" }, hi: { title: "ए" } },
  });
});

test("a part that a person took away is taken away", () => {
  const was = { texts: { en: { title: "A" }, hi: { title: "ए" } } };
  expect(onlyChanged({ texts: { en: { title: "A" } } }, was, was)).toEqual({ texts: { en: { title: "A" } } });
});
