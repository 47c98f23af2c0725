/// Values as a person reads them: money, instants, numbers, ids.
import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { formatDay, formatExactly, formatInstant } from "#shared/instant.ts";
import { formatPaise, paiseOf } from "#shared/money.ts";
import { formatPhone } from "#shared/phone.ts";
import { CheckIcon, CopyIcon } from "./icons.tsx";
import { useWords } from "./words.ts";

/// Rupees as the API has them.
export function Money({ rupees }: { rupees: number }) {
  return <span className="money">{formatPaise(paiseOf(rupees))}</span>;
}

/// An instant in India's time; the exact one on hover.
export function Instant({ at, day = false }: { at: string | null | undefined; day?: boolean }) {
  if (!at) return <Nothing />;
  return (
    <time dateTime={at} title={formatExactly(at)}>
      {day ? formatDay(at) : formatInstant(at)}
    </time>
  );
}

export function Phone({ number }: { number: string | null | undefined }) {
  return number ? <span className="figures">{formatPhone(number)}</span> : <Nothing />;
}

export function Nothing() {
  return (
    <span className="nothing" aria-hidden="true">
      –
    </span>
  );
}

/// An id or a reference, to be copied.
export function Reference({ value, short = false }: { value: string | null | undefined; short?: boolean }) {
  const words = useWords();
  const [isCopied, setIsCopied] = useState(false);
  if (!value) return <Nothing />;
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 1_500);
  };
  return (
    <span className="reference">
      <code title={value}>{short ? `${value.slice(0, 8)}…${value.slice(-4)}` : value}</code>
      <Button
        className="icon-button tiny"
        aria-label={isCopied ? words.copied : words.copy}
        onPress={() => void copy()}
      >
        {isCopied ? <CheckIcon /> : <CopyIcon />}
      </Button>
    </span>
  );
}

export type Tone = "good" | "warn" | "bad" | "info" | "neutral";

/// A state: a colour, and always a word.
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

/// A code of the API as words: `not_delivered`.
export function wordsOf(code: string): string {
  return code.replaceAll("_", " ");
}

/// `3.4 MB`
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/// A number of things, grouped as India groups.
export function formatCount(count: number): string {
  return new Intl.NumberFormat("en-IN").format(count);
}

/// Seconds as `2 h 5 min`, `40 s`.
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/// How far something is, for eyes and for a screen reader.
export function Progress({ label, percent }: { label: string; percent: number | null | undefined }) {
  return percent === null || percent === undefined ? (
    <progress aria-label={label} />
  ) : (
    <progress aria-label={label} max={100} value={percent} />
  );
}
