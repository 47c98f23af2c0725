/// One act on many rows: they are ticked in the table, what would happen is asked first and shown row by row, and then it is done.
import { type ReactNode, useState } from "react";
import { Button } from "./controls.tsx";
import type { Column } from "./data_table.tsx";
import { Dialog } from "./dialog.tsx";
import { ActDialog, type Values } from "./form.tsx";
import { useWords } from "./words.ts";

/// As many as the API takes at once.
const MOST = 50;

export interface Picks<T> {
  rows: T[];
  has: (row: T) => boolean;
  toggle: (row: T) => void;
  clear: () => void;
}

/// Which rows are ticked. They stay ticked on the next page and with another filter.
export function usePicks<T>(keyOf: (row: T) => string): Picks<T> {
  const [picked, setPicked] = useState<ReadonlyMap<string, T>>(new Map());
  return {
    rows: [...picked.values()],
    has: (row) => picked.has(keyOf(row)),
    toggle: (row) =>
      setPicked((old) => {
        const now = new Map(old);
        if (!now.delete(keyOf(row)) && now.size < MOST) now.set(keyOf(row), row);
        return now;
      }),
    clear: () => setPicked(new Map()),
  };
}

/// The column of boxes. `isPossible`: the act makes sense for this row.
export function pickColumn<T>(
  picks: Picks<T>,
  header: string,
  { nameOf, isPossible }: { nameOf: (row: T) => string; isPossible: (row: T) => boolean },
): Column<T> {
  return {
    id: "pick",
    header,
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={`${header}: ${nameOf(row)}`}
        checked={picks.has(row)}
        disabled={!picks.has(row) && (!isPossible(row) || picks.rows.length >= MOST)}
        onChange={() => picks.toggle(row)}
      />
    ),
  };
}

export interface BulkDialogProps<R> {
  title: string;
  /// Of the button that does it.
  label: string;
  lead: ReactNode;
  /// How many rows it is about: this number is typed before it is done.
  count: number;
  /// What a person says about all of them.
  fields: ReactNode;
  run: (values: Values, key: string, isDryRun: boolean) => Promise<R>;
  /// Whether anything would be done at all.
  isWorthwhile: (trial: R) => boolean;
  show: (result: R) => ReactNode;
  onClose: () => void;
  /// Called when it was done; the rows are no longer ticked then.
  onDone: () => void;
}

type Step<R> = { at: "ask" } | { at: "tried"; values: Values; trial: R } | { at: "done"; result: R };

export function BulkDialog<R>({
  title,
  label,
  lead,
  count,
  fields,
  run,
  isWorthwhile,
  show,
  onClose,
  onDone,
}: BulkDialogProps<R>) {
  const words = useWords();
  const [step, setStep] = useState<Step<R>>({ at: "ask" });
  if (step.at === "ask") {
    return (
      <ActDialog
        key="ask"
        title={title}
        submitLabel={words.tryFirst}
        onClose={onClose}
        act={async (values, key) => setStep({ at: "tried", values, trial: await run(values, key, true) })}
      >
        <p className="muted">{lead}</p>
        {fields}
      </ActDialog>
    );
  }
  if (step.at === "tried") {
    const isPossible = isWorthwhile(step.trial);
    return (
      <ActDialog
        key="do"
        title={title}
        submitLabel={label}
        isDangerous
        isWide
        onClose={onClose}
        {...(isPossible ? { typed: String(count) } : { isDisabled: true })}
        act={async (_typed, key) => {
          const result = await run(step.values, key, false);
          setStep({ at: "done", result });
          onDone();
        }}
      >
        <p className="note">{isPossible ? words.tried : words.triedNothing}</p>
        {show(step.trial)}
      </ActDialog>
    );
  }
  return (
    <Dialog title={title} isOpen onClose={onClose} className="wide">
      <div className="form">
        <p className="note">{words.bulkDone}</p>
        {show(step.result)}
        <footer>
          <Button kind="primary" onPress={onClose}>
            {words.close}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

/// What happens to each row: a short table without pages.
export function ResultRows({
  label,
  head,
  rows,
}: {
  label: string;
  head: string[];
  rows: { id: string; cells: ReactNode[] }[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section className="table-scroll" tabIndex={0} aria-label={label}>
      <table className="data">
        <thead>
          <tr>
            {head.map((each) => (
              <th key={each} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              {row.cells.map((cell, at) => (
                <td key={head[at]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
