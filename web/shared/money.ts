/// Money: integer paise in code, rupees with two decimals on the wire, grouped as India groups (1,00,000.00).

const PAISE = 100;

/// Rupees of the API as paise. They have two decimals, which a double keeps up to 90,000 crore.
export function paiseOf(rupees: number): number {
  return Math.round(rupees * PAISE);
}

/// Paise as the API takes them.
export function rupeesOf(paise: number): number {
  return paise / PAISE;
}

const grouping = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/// `₹1,00,000.00`, with a minus sign before it.
export function formatPaise(paise: number): string {
  return `${paise < 0 ? "\u2212" : ""}₹${grouping.format(Math.abs(paise) / PAISE)}`;
}

/// What a person typed, in paise: `1,000`, `₹ 99.5`. null if it is no amount, or has more than two decimals.
export function parsePaise(text: string): number | null {
  const plain = text.replace(/[₹,\s]/g, "");
  const match = /^(\d{1,11})(?:\.(\d{1,2}))?$/.exec(plain);
  if (!match) return null;
  return Number(match[1]) * PAISE + Number((match[2] ?? "").padEnd(2, "0"));
}
