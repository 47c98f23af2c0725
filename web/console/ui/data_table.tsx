/// A table of rows that open: skeletons while they load, old rows dimmed while new ones come, `j` `k` Enter.
import { type ReactNode, useRef } from "react";
import { Button } from "./controls.tsx";
import { useHotkey } from "./hotkeys.ts";
import type { List } from "./list.ts";
import { ProblemNote } from "./problem_note.tsx";
import { useWords } from "./words.ts";

export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /// Amounts and numbers stand at the end.
  align?: "end";
  /// Left out on a narrow screen.
  isMinor?: boolean;
  width?: string;
}

/// A column in one line. `shape`: "end" for numbers, "minor" for what a narrow screen leaves out.
type MakeColumn<T> = (
  id: string,
  header: string,
  cell: (row: T) => ReactNode,
  ...shape: ("end" | "minor")[]
) => Column<T>;

function column<T>(
  id: string,
  header: string,
  cell: (row: T) => ReactNode,
  ...shape: ("end" | "minor")[]
): Column<T> {
  return {
    id,
    header,
    cell,
    ...(shape.includes("end") ? { align: "end" as const } : {}),
    ...(shape.includes("minor") ? { isMinor: true } : {}),
  };
}

/// A list that is shown whole, as the table takes it.
export function wholeList<T>(query: {
  data: readonly T[] | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}): List<T> {
  return {
    rows: [...(query.data ?? [])],
    error: query.error,
    isLoading: query.isPending,
    isStale: false,
    pageNumber: 1,
    hasPrevious: false,
    hasNext: false,
    previous: () => undefined,
    next: () => undefined,
    retry: () => void query.refetch(),
  };
}

export interface DataTableProps<T> {
  label: string;
  /// The columns, or what makes them of lines: `(column) => [column("at", text.at, (row) => ...)]`.
  columns: Column<T>[] | ((column: MakeColumn<T>) => Column<T>[]);
  list: List<T>;
  rowKey: (row: T) => string;
  /// Opens a row. The first column holds a link that does the same, for a new tab and for a screen reader.
  onOpen?: (row: T) => void;
  /// What is shown when there is nothing: why, and what to do.
  empty: ReactNode;
  height?: number;
}

const SKELETON_ROWS = 12;

export function DataTable<T>({ label, columns: wanted, list, rowKey, onOpen, empty }: DataTableProps<T>) {
  const columns = typeof wanted === "function" ? wanted(column) : wanted;
  const words = useWords();
  const body = useRef<HTMLTableSectionElement>(null);

  const move = (by: 1 | -1) => {
    const rows = [...(body.current?.querySelectorAll<HTMLTableRowElement>("tr[tabindex]") ?? [])];
    const at = rows.indexOf(document.activeElement?.closest("tr") as HTMLTableRowElement);
    const target = at < 0 ? (by > 0 ? rows[0] : rows.at(-1)) : rows[at + by];
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  };
  useHotkey("j", words.next, () => move(1));
  useHotkey("k", words.previous, () => move(-1));

  if (list.error && list.rows.length === 0) return <ProblemNote error={list.error} onRetry={list.retry} />;
  const isEmpty = !list.isLoading && list.rows.length === 0;
  return (
    <section className="table-box" aria-label={label} aria-busy={list.isLoading || list.isStale}>
      {list.error ? <ProblemNote error={list.error} onRetry={list.retry} /> : null}
      {isEmpty ? (
        empty
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <div className="table-scroll" tabIndex={0} role="group" aria-label={label}>
          <table className={list.isStale ? "data stale" : "data"}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column.id} scope="col" className={classOf(column)} style={{ width: column.width }}>
                    {column.header}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody ref={body}>
              {list.isLoading ? (
                <SkeletonRows columns={columns} />
              ) : (
                list.rows.map((row) => (
                  <tr
                    key={rowKey(row)}
                    tabIndex={onOpen ? -1 : undefined}
                    className={onOpen ? "opens" : undefined}
                    onClick={(event) => isOnRow(event.target) && onOpen?.(row)}
                    onKeyDown={(event) => {
                      if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
                    }}
                  >
                    {columns.map((column) => (
                      <td key={column.id} className={classOf(column)}>
                        {column.cell(row)}
                      </td>
                    ))}
                  </tr>
                ))
              )}
            </tbody>
          </table>
        </div>
      )}
      <Pages list={list} />
    </section>
  );
}

/// A click on a link or a button of the row is for that, and one that marks text opens nothing.
function isOnRow(target: EventTarget): boolean {
  return target instanceof Element && !target.closest("a,button,input") && !window.getSelection()?.toString();
}

function classOf<T>(column: Column<T>): string {
  return [column.align === "end" ? "end" : "", column.isMinor ? "minor" : ""].join(" ").trim();
}

function SkeletonRows<T>({ columns }: { columns: Column<T>[] }) {
  return Array.from({ length: SKELETON_ROWS }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
    <tr key={row}>
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          <span className="skeleton" />
        </td>
      ))}
    </tr>
  ));
}

function Pages<T>({ list }: { list: List<T> }) {
  const words = useWords();
  if (!list.hasPrevious && !list.hasNext) return null;
  return (
    <nav className="pages">
      <span className="muted">{list.pageNumber === null ? "" : words.page(list.pageNumber)}</span>
      <Button kind="plain" isDisabled={!list.hasPrevious} onPress={list.previous}>
        {list.pageNumber === null ? words.firstPage : words.previous}
      </Button>
      <Button kind="plain" isDisabled={!list.hasNext} onPress={list.next}>
        {words.next}
      </Button>
    </nav>
  );
}
