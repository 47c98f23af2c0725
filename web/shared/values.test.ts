import { describe, expect, test } from "vitest";
import { formatAgo, formatInstant } from "./instant.ts";
import { formatPaise, paiseOf, parsePaise } from "./money.ts";
import { formatPhone, parsePhone } from "./phone.ts";

describe("money", () => {
  test("is grouped as India groups, with two decimals and a minus sign", () => {
    expect(formatPaise(paiseOf(1234567.5))).toBe("₹12,34,567.50");
    expect(formatPaise(-9900)).toBe("−₹99.00");
    expect(formatPaise(0)).toBe("₹0.00");
  });

  test("of the API becomes paise exactly, though a double holds no tenth", () => {
    expect(paiseOf(0.29)).toBe(29);
    expect(paiseOf(1.15)).toBe(115);
    expect(paiseOf(8999999.99)).toBe(899999999);
  });

  test.each([
    ["1,000", 100000],
    ["₹ 99.5", 9950],
    [" 10.05 ", 1005],
    ["0.01", 1],
  ])("%s is read as %i paise", (text, paise) => expect(parsePaise(text)).toBe(paise));

  test.each(["", "1.234", "-5", "1e3", "ten", "1.", ".5", "123456789012"])("%s is no amount", (text) =>
    expect(parsePaise(text)).toBeNull(),
  );
});

describe("phone numbers", () => {
  test.each(["9876543210", "+91 98765 43210", "09876543210", "919876543210", "(98765) 43-210"])(
    "%s is read",
    (text) => expect(parsePhone(text)).toBe("+919876543210"),
  );
  test.each(["5876543210", "987654321", "98765432101", "Asha", ""])("%s is none", (text) =>
    expect(parsePhone(text)).toBeNull(),
  );

  test("are shown in two groups, masked ones too", () => {
    expect(formatPhone("+919876543210")).toBe("+91 98765 43210");
    expect(formatPhone("+91******3210")).toBe("+91 •••••• 3210");
    expect(formatPhone("unknown")).toBe("unknown");
  });
});

describe("instants", () => {
  test("are shown in India's time", () => {
    expect(formatInstant("2026-11-22T18:35:00Z")).toMatch(/23.*Nov.*2026.*00:05/);
  });

  test("are told from now on, in the language", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    expect(formatAgo("2026-11-22T11:57:00Z", now, "en")).toBe("3 minutes ago");
    expect(formatAgo("2026-11-20T11:00:00Z", now, "en")).toBe("2 days ago");
    expect(formatAgo("2026-11-22T11:57:00Z", now, "hi")).toContain("मिनट");
  });
});
