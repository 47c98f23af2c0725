/// What changed: each field with its old and its new value.
import { useWords } from "./words.ts";

export interface Change {
  field: string;
  before: unknown;
  after: unknown;
}

/// Fields that differ between two versions of one thing, in the order of the names.
export function changesBetween(before: Record<string, unknown>, after: Record<string, unknown>): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, before: before[field], after: after[field] }));
}

function show(value: unknown): string {
  if (value === undefined || value === null || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

export function Diff({ changes }: { changes: Change[] }) {
  const words = useWords();
  return (
    <table className="diff">
      <thead>
        <tr>
          <th scope="col" />
          <th scope="col">{words.before}</th>
          <th scope="col">{words.after}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row">{change.field}</th>
            <td>
              <del>{show(change.before)}</del>
            </td>
            <td>
              <ins>{show(change.after)}</ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
