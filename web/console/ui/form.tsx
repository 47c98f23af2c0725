/// A form that acts once: its key is made when it opens, and goes with every attempt, also after an answer that was lost.
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { Form as AriaForm } from "react-aria-components";
import { Problem } from "#shared/problem.ts";
import { Button, TextField } from "./controls.tsx";
import { Dialog } from "./dialog.tsx";
import { ProblemNote } from "./problem_note.tsx";
import { useWords } from "./words.ts";

export type Values = Record<string, string>;

/// A key for one act of a person (`Idempotency-Key`).
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface FormProps {
  /// Does it. Throws a Problem if it was refused.
  act: (values: Values, key: string) => Promise<void>;
  submitLabel: string;
  children: ReactNode;
  onCancel?: () => void;
  isDangerous?: boolean;
  isDisabled?: boolean;
  className?: string;
}

export function Form({
  act,
  submitLabel,
  children,
  onCancel,
  isDangerous,
  isDisabled,
  className = "",
}: FormProps) {
  const words = useWords();
  const [key] = useState(newKey);
  const [problem, setProblem] = useState<unknown>(null);
  const [names, setNames] = useState<string[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  // State comes a render late: a second click in the same instant would see the old one.
  const busy = useRef(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy.current) return;
    const entries = [...new FormData(event.currentTarget).entries()];
    const values = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
    busy.current = true;
    setIsBusy(true);
    setProblem(null);
    setNames(Object.keys(values));
    try {
      await act(values, key);
    } catch (error) {
      setProblem(error);
    } finally {
      busy.current = false;
      setIsBusy(false);
    }
  };

  return (
    <AriaForm
      className={`form ${className}`}
      onSubmit={(event) => void submit(event)}
      validationErrors={errorsOf(problem, names)}
    >
      {children}
      {problem !== null && !isSaidAtFields(problem, names) && <ProblemNote error={problem} without={names} />}
      <footer>
        {onCancel && (
          <Button kind="quiet" onPress={onCancel}>
            {words.cancel}
          </Button>
        )}
        <Button
          type="submit"
          kind={isDangerous ? "danger" : "primary"}
          isDisabled={isDisabled ?? false}
          isPending={isBusy}
        >
          {submitLabel}
        </Button>
      </footer>
    </AriaForm>
  );
}

/// What this page found by itself stands at the fields alone. What the API refused has a request to name.
function isSaidAtFields(problem: unknown, names: string[]): boolean {
  if (!(problem instanceof Problem) || problem.requestId || problem.fields.length === 0) return false;
  return problem.fields.every((each) => names.includes(each.field));
}

/// What the API says about the fields that are there, by their names.
function errorsOf(problem: unknown, names: string[]): Record<string, string> {
  if (!(problem instanceof Problem)) return {};
  const errors: Record<string, string> = {};
  for (const name of names) {
    const message = problem.of(name);
    if (message) errors[name] = message;
  }
  return errors;
}

export interface ActDialogProps extends Omit<FormProps, "onCancel"> {
  title: string;
  onClose: () => void;
  /// What a person must type before it can be done, such as the customer's number.
  typed?: string;
  /// It shows more than a few fields.
  isWide?: boolean;
}

/// A form in a dialog: an act on what the page shows.
export function ActDialog({
  title,
  onClose,
  typed,
  isWide = false,
  children,
  isDangerous = false,
  isDisabled = false,
  ...form
}: ActDialogProps) {
  const words = useWords();
  const [text, setText] = useState("");
  return (
    <Dialog title={title} isOpen onClose={onClose} isAlert={isDangerous} className={isWide ? "wide" : ""}>
      <Form
        {...form}
        isDangerous={isDangerous}
        onCancel={onClose}
        isDisabled={isDisabled || (typed !== undefined && text.trim() !== typed)}
      >
        {children}
        {typed !== undefined && (
          <TextField
            label={words.typeToConfirm(typed)}
            value={text}
            onChange={setText}
            autoComplete="off"
            className="figures"
          />
        )}
      </Form>
    </Dialog>
  );
}
