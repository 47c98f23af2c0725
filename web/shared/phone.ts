/// Indian mobile numbers: E.164 on the wire, `98765 43210` for people. A number may be masked: `+91******3210`.

/// `+919876543210` as `+91 98765 43210`.
export function formatPhone(number: string): string {
  if (/\*/.test(number)) return `+91 •••••• ${number.slice(-4)}`;
  const match = /^\+91(.{5})(.{5})$/.exec(number);
  return match ? `+91 ${match[1]} ${match[2]}` : number;
}

/// What a person typed as the API takes it; null if it can be no mobile number.
export function parsePhone(text: string): string | null {
  const digits = text.replace(/[\s()-]/g, "").replace(/^(\+91|0091|91(?=\d{10}$)|0(?=\d{10}$))/, "");
  return /^[6-9]\d{9}$/.test(digits) ? `+91${digits}` : null;
}
