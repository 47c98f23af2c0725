/// Instants: UTC on the wire, India's time for people.

const ZONE = "Asia/Kolkata";
const minute = new Intl.DateTimeFormat("en-IN", {
  timeZone: ZONE,
  day: "2-digit",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const exact = new Intl.DateTimeFormat("en-IN", {
  timeZone: ZONE,
  dateStyle: "full",
  timeStyle: "long",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en-IN", {
  timeZone: ZONE,
  day: "2-digit",
  month: "short",
  year: "numeric",
});

/// `22 Nov 2026, 14:05`
export function formatInstant(iso: string): string {
  return minute.format(new Date(iso));
}

/// With weekday, seconds and zone.
export function formatExactly(iso: string): string {
  return exact.format(new Date(iso));
}

/// `22 Nov 2026`
export function formatDay(iso: string): string {
  return day.format(new Date(iso));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/// `3 minutes ago`, in the language.
export function formatAgo(iso: string, now: number, language: string): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(seconds, "second");
}
