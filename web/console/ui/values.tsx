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
