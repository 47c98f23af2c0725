/// Fields beyond a line of text: reasons, amounts, moments in India's time, boxes to tick, files.
import type { ReactNode } from "react";
import { parsePaise, rupeesOf } from "#shared/money.ts";
import { type FieldProblem, Problem } from "#shared/problem.ts";
import { TextField, type TextFieldProps } from "./controls.tsx";
import type { Values } from "./form.tsx";
import { useWords } from "./words.ts";

/// What this page finds wrong by itself stands at the field, as what the API finds.
export function wrongAt(field: string, message: string): Problem {
  const fields: FieldProblem[] = [{ field, message, code: "invalid" }];
  return new Problem(422, "validation_failed", message, fields);
}

/// Why somebody does what they do. `name`: that of the API's field.
export function ReasonField({
  name = "reason",
  label,
  hint,
  maxLength = 300,
  rows,
}: {
  name?: string;
  label?: string;
  hint?: string;
  maxLength?: number;
  rows?: number;
}) {
  const words = useWords();
  return (
    <TextField
      name={name}
      label={label ?? words.reason}
      hint={hint ?? words.reasonHint}
      isRequired
      minLength={3}
      maxLength={maxLength}
      {...(rows ? { rows } : {})}
    />
  );
}

export function AmountField(props: Omit<TextFieldProps, "inputMode" | "className">) {
  return <TextField {...props} inputMode="decimal" autoComplete="off" className="figures" />;
}

/// The amount of a field in rupees, as the API takes it; null if it is empty. Throws a Problem at the field if it is none.
export function amountOf(values: Values, name: string, message: string): number | null {
  const typed = (values[name] ?? "").trim();
  if (typed === "") return null;
  const paise = parsePaise(typed);
  if (!paise) throw wrongAt(name, message);
  return rupeesOf(paise);
}

/// The whole number of a field; null if it is empty. Throws a Problem at the field if it is none.
export function countOf(values: Values, name: string, message: string): number | null {
  const typed = (values[name] ?? "").trim();
  if (typed === "") return null;
  if (!/^\d{1,9}$/.test(typed)) throw wrongAt(name, message);
  return Number(typed);
}

/// `JIO, VI` as the API takes it.
export function codesOf(values: Values, name: string): string[] {
  return (values[name] ?? "")
    .split(/[\s,]+/)
    .filter((each) => each !== "")
    .map((each) => each.toUpperCase());
}

const local = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Kolkata",
  dateStyle: "short",
  timeStyle: "short",
});

/// An instant as a field for a moment has it: `2026-11-23T09:30` in India.
export function localOf(iso: string | null | undefined): string {
  return iso ? local.format(new Date(iso)).replace(" ", "T") : "";
}

/// What such a field holds, as an instant; null if it is empty.
export function instantOf(values: Values, name: string): string | null {
  const typed = values[name] ?? "";
  return typed === "" ? null : `${typed.slice(0, 16)}:00+05:30`;
}

/// A date and a time of day in India.
export function MomentField(props: Omit<TextFieldProps, "type">) {
  const words = useWords();
  return <TextField hint={words.indiaTime} {...props} type="datetime-local" />;
}

export function DayField(props: Omit<TextFieldProps, "type">) {
  return <TextField {...props} type="date" />;
}

/// A box to tick: `on` in the form's values if it is.
export function Check({
  name,
  label,
  isOn = false,
  isDisabled = false,
}: {
  name: string;
  label: ReactNode;
  isOn?: boolean;
  isDisabled?: boolean;
}) {
  return (
    <label className="check">
      <input type="checkbox" name={name} defaultChecked={isOn} disabled={isDisabled} />
      <span>{label}</span>
    </label>
  );
}

/// Some of a few. Each box is a field `name:value`.
export function Checks({
  label,
  name,
  options,
  chosen = [],
}: {
  label: string;
  name: string;
  options: { id: string; label: ReactNode }[];
  chosen?: readonly string[];
}) {
  return (
    <fieldset className="checks">
      <legend>{label}</legend>
      {options.map((option) => (
        <Check
          key={option.id}
          name={`${name}:${option.id}`}
          label={option.label}
          isOn={chosen.includes(option.id)}
        />
      ))}
    </fieldset>
  );
}

/// Which boxes of `Checks` are ticked.
export function chosenOf<T extends string>(values: Values, name: string): T[] {
  return Object.keys(values)
    .filter((each) => each.startsWith(`${name}:`))
    .map((each) => each.slice(name.length + 1) as T);
}

export function FileField({
  label,
  accept,
  hint,
  onChoose,
}: {
  label: string;
  accept: string;
  hint?: string;
  onChoose: (file: File | null) => void;
}) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        type="file"
        accept={accept}
        onChange={(event) => onChoose(event.currentTarget.files?.[0] ?? null)}
      />
      {hint && <small className="muted">{hint}</small>}
    </label>
  );
}
