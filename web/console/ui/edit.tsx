/// Changing a thing that somebody else may change meanwhile: what they changed is shown, and nothing typed is lost.
import { type ReactNode, useState } from "react";
import { Problem } from "#shared/problem.ts";
import { Button } from "./controls.tsx";
import { Dialog } from "./dialog.tsx";
import { changesBetween, Diff } from "./diff.tsx";
import { Form, type Values } from "./form.tsx";
import { useWords } from "./words.ts";

const PRECONDITION_FAILED = 412;

export interface EditDialogProps<T extends { etag: string }> {
  title: string;
  /// As it is now: it is read again after a refusal.
  thing: T;
  /// What a person may change of it, by its names.
  shown: (thing: T) => Record<string, unknown>;
  /// Saves what differs from what the form began with. Throws a Problem if it was refused.
  save: (values: Values, started: T, etag: string, key: string) => Promise<void>;
  onClose: () => void;
  submitLabel?: string;
  className?: string;
  children: ReactNode;
}

export function EditDialog<T extends { etag: string }>(props: EditDialogProps<T>) {
  return (
    <Dialog title={props.title} isOpen onClose={props.onClose} className={props.className ?? ""}>
      <EditForm {...props} />
    </Dialog>
  );
}

/// The form alone, for a page of its own.
export function EditForm<T extends { etag: string }>({
  thing,
  shown,
  save,
  onClose,
  submitLabel,
  children,
}: Omit<EditDialogProps<T>, "title">) {
  const words = useWords();
  const [started] = useState(thing);
  const [etag, setEtag] = useState(thing.etag);
  const [isRefused, setIsRefused] = useState(false);
  const isBehind = isRefused && thing.etag !== etag;
  return (
    <Form
      submitLabel={submitLabel ?? words.save}
      onCancel={onClose}
      isDisabled={isBehind}
      act={async (values, key) => {
        try {
          await save(values, started, etag, key);
        } catch (error) {
          if (error instanceof Problem && error.status === PRECONDITION_FAILED) setIsRefused(true);
          throw error;
        }
      }}
    >
      {isBehind && (
        <div className="note warn stack" role="alert">
          <p>{words.changedMeanwhile}</p>
          <Diff changes={changesBetween(shown(started), shown(thing))} />
          <Button className="small start" onPress={() => setEtag(thing.etag)}>
            {words.keepBoth}
          </Button>
        </div>
      )}
      {children}
    </Form>
  );
}

/// One text for what means the same: keys in order, without those that say nothing.
function meaning(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    each !== null && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(
          Object.entries(each)
            .filter(([, inner]) => inner !== null && inner !== undefined)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : each,
  );
}

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/// What one person changed of a value, on top of how it is now: part by part, if it has parts.
function onTop(wanted: unknown, was: unknown, now: unknown): unknown {
  if (!isPlain(wanted) || !isPlain(was) || !isPlain(now)) return wanted;
  const result: Plain = { ...now };
  for (const part of new Set([...Object.keys(wanted), ...Object.keys(was)])) {
    if (meaning(wanted[part] ?? null) === meaning(was[part] ?? null)) continue;
    if (part in wanted) result[part] = onTop(wanted[part], was[part], now[part]);
    else delete result[part];
  }
  return result;
}

/// Of `wanted`, what differs from how it `was`: the other fields, and the other parts of a field, stay as another admin may have set
/// them (`now`).
export function onlyChanged<W extends object>(
  wanted: W,
  was: Partial<Record<keyof W, unknown>>,
  now: Partial<Record<keyof W, unknown>> = was,
): Partial<W> {
  return Object.fromEntries(
    Object.entries(wanted)
      .filter(([name, value]) => meaning(value ?? null) !== meaning(was[name as keyof W] ?? null))
      .map(([name, value]) => [name, onTop(value, was[name as keyof W], now[name as keyof W])]),
  ) as Partial<W>;
}
