/// Plans from a file: it is tried first, and what it would do is shown with each bad row; then it is done, whole or not at all.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { saveFile } from "#ui/api.ts";
import { Button } from "#ui/controls.tsx";
import { changesBetween, Diff } from "#ui/diff.tsx";
import { FileField } from "#ui/fields.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Import, useActs } from "./queries.ts";
import { useText } from "./text.ts";

export function PlanImport() {
  const text = useText();
  const words = useWords();
  const { read, exported } = useActs();
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<Import | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const run = async (isDryRun: boolean) => {
    if (!file || isBusy) return;
    setIsBusy(true);
    setProblem(null);
    try {
      const answer = await read(file, isDryRun);
      setResult(answer);
      if (!answer.dry_run) toast(text.imported);
    } catch (error) {
      setProblem(error);
    } finally {
      setIsBusy(false);
    }
  };
  const isSound = result?.dry_run && result.bad_rows.length === 0 && result.created + result.updated > 0;
  return (
    <Page title={text.import} lead={<Link to="/plans">{text.title}</Link>}>
      <Card>
        <div className="form">
          <p className="muted">{text.importLead}</p>
          <FileField
            label={text.file}
            accept=".csv,.xlsx"
            onChoose={(chosen) => {
              setFile(chosen);
              setResult(null);
              setProblem(null);
            }}
          />
          <div className="row">
            <Button isDisabled={!file} isPending={isBusy} onPress={() => void run(true)}>
              {text.try}
            </Button>
            <Button kind="primary" isDisabled={!isSound} isPending={isBusy} onPress={() => void run(false)}>
              {text.importNow}
            </Button>
            <Button
              kind="quiet"
              onPress={() =>
                void exported("csv").then(
                  (blob) => saveFile(blob, "plans.csv"),
                  () => toast(words.failed),
                )
              }
            >
              {text.example}
            </Button>
          </div>
          {problem !== null && <ProblemNote error={problem} />}
        </div>
      </Card>
      {result && <Result result={result} />}
    </Page>
  );
}

function Result({ result }: { result: Import }) {
  const text = useText();
  return (
    <>
      <Card title={result.dry_run ? text.wouldDo : text.done}>
        <dl className="figures-grid">
          {(["rows", "created", "updated", "unchanged"] as const).map((name) => (
            <div className="figure" key={name}>
              <dt>{text.counts[name]}</dt>
              <dd>{result[name]}</dd>
            </div>
          ))}
        </dl>
      </Card>
      {result.bad_rows.length > 0 && <BadRows result={result} />}
      {result.items.length > 0 && (
        <Card title={text.changes}>
          <ul className="work-list">
            {result.items.map((item) => (
              <li key={item.line}>
                <details>
                  <summary className="row between line">
                    <span>{item.name}</span>
                    <Badge tone={item.action === "created" ? "good" : "info"}>
                      {text.actions[item.action]}
                    </Badge>
                  </summary>
                  <Diff changes={changesOf(item.changes as Record<string, unknown>)} />
                </details>
              </li>
            ))}
          </ul>
          {result.items_left_out > 0 && <p className="muted">{text.more(result.items_left_out)}</p>}
        </Card>
      )}
    </>
  );
}

/// Each change is `[before, after]` or a value alone.
function changesOf(changes: Record<string, unknown>) {
  const part = (index: number) =>
    Object.fromEntries(
      Object.entries(changes).map(([name, value]) => {
        if (Array.isArray(value) && value.length === 2) return [name, value[index]];
        if (value !== null && typeof value === "object" && "after" in value)
          return [name, index === 0 ? (value as { before?: unknown }).before : value.after];
        return [name, index === 0 ? undefined : value];
      }),
    );
  return changesBetween(part(0), part(1));
}

function BadRows({ result }: { result: Import }) {
  const text = useText();
  return (
    <Card title={text.badRows(result.bad_rows.length + result.bad_rows_left_out)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <div className="table-scroll" tabIndex={0} role="group" aria-label={text.badRowsLabel}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col" className="end">
                {text.line}
              </th>
              <th scope="col">{text.column}</th>
              <th scope="col">{text.value}</th>
              <th scope="col">{text.wrong}</th>
            </tr>
          </thead>
          <tbody>
            {result.bad_rows.map((cell) => (
              <tr key={`${cell.line} ${cell.column} ${cell.code}`}>
                <td className="end">{cell.line}</td>
                <td>{cell.column}</td>
                <td>
                  <code>{cell.value}</code>
                </td>
                <td>{cell.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {result.bad_rows_left_out > 0 && <p className="muted">{text.more(result.bad_rows_left_out)}</p>}
    </Card>
  );
}
