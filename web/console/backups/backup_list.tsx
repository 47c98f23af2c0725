/// Backups, what is and was done with them, and the databases that restores left.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Card, Page, Tabs } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatDuration, formatSize, Instant, Nothing, Progress } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Database, useActs, useBackups, useDatabases, useFigures, useRuns } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function BackupList() {
  const text = useText();
  const words = useWords();
  const { tab = "backups" } = listRoute.useSearch();
  const navigate = useNavigate();
  const may = useMay();
  const { create } = useActs();
  const [isNew, setIsNew] = useState(false);
  return (
    <Page
      title={text.title}
      acts={
        may("Backups:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.create}
          </Button>
        )
      }
    >
      <Figures />
      <Tabs
        label={text.title}
        selected={tab}
        onSelect={(id) =>
          void navigate({
            to: "/backups",
            search: id === "backups" ? {} : { tab: id as "runs" },
            replace: true,
          })
        }
        tabs={[
          { id: "backups", label: text.title, content: <Backups /> },
          { id: "runs", label: text.runs, content: <Runs /> },
          { id: "databases", label: text.databases, content: <Databases /> },
        ]}
      />
      {isNew && (
        <Confirm
          title={text.create}
          label={text.create}
          lead={text.createLead}
          done={text.begun}
          onClose={() => setIsNew(false)}
          act={async (_reason, _key, values) => {
            const made = await create(values.description ?? "");
            void navigate({ to: "/backups/$backup", params: { backup: made.backup } });
            return "done";
          }}
        >
          <TextField name="description" label={words.description} maxLength={200} autoFocus />
        </Confirm>
      )}
    </Page>
  );
}

function Figures() {
  const text = useText();
  const figures = useFigures();
  return (
    <Card>
      <Loaded query={figures} lines={2}>
        {(now) => (
          <dl className="figures-grid">
            <div className="figure">
              <dt>{text.kept}</dt>
              <dd>
                {now.backups} <small>{formatSize(now.size_bytes)}</small>
              </dd>
            </div>
            <div className="figure">
              <dt>{text.lastGood}</dt>
              <dd>
                {now.last_good_age_seconds === null ? (
                  <Nothing />
                ) : (
                  text.ago(formatDuration(now.last_good_age_seconds))
                )}
              </dd>
            </div>
            <div className="figure">
              <dt>{text.lasted}</dt>
              <dd>
                {now.newest_duration_seconds === null ? (
                  <Nothing />
                ) : (
                  formatDuration(now.newest_duration_seconds)
                )}
              </dd>
            </div>
          </dl>
        )}
      </Loaded>
    </Card>
  );
}

function Backups() {
  const text = useText();
  const words = useWords();
  const { status, cursor } = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useBackups(status, cursor);
  return (
    <>
      <Filters
        values={{ status }}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.statuses) }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.backup}
        onOpen={(row) => void navigate({ to: "/backups/$backup", params: { backup: row.backup } })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("backup", text.backup, (row) => (
            <Link to="/backups/$backup" params={{ backup: row.backup }}>
              {row.backup}
            </Link>
          )),
          column("description", words.description, (row) => row.description || <Nothing />, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("verified", text.verified, (row) => <Verified verification={row.verification} />),
          column(
            "size",
            text.size,
            (row) => (row.size_bytes === null ? <Nothing /> : formatSize(row.size_bytes)),
            "end",
          ),
          column("at", text.begunAt, (row) => <Instant at={row.begun_at} />, "end", "minor"),
        ]}
      />
    </>
  );
}

export function Verified({ verification }: { verification: { ok: boolean; at: string } | null }) {
  const text = useText();
  if (verification === null) return <Badge>{text.notVerified}</Badge>;
  return <Badge tone={verification.ok ? "good" : "bad"}>{verification.ok ? text.good : text.broken}</Badge>;
}

function Runs() {
  const text = useText();
  const words = useWords();
  const { cursor } = listRoute.useSearch();
  return (
    <DataTable
      label={text.runs}
      list={useRuns(cursor)}
      rowKey={(row) => row.backup_run_id}
      empty={<Empty title={text.noRuns} />}
      columns={(column) => [
        column("kind", words.kind, (row) => text.kinds[row.kind]),
        column("backup", text.backup, (row) => (
          <Link to="/backups/$backup" params={{ backup: row.backup }}>
            {row.backup}
          </Link>
        )),
        column("status", words.status, (row) => (
          <Badge tone={TONES[row.status]}>{text.runStatuses[row.status]}</Badge>
        )),
        column("progress", text.progress, (row) =>
          row.status === "running" ? <Progress label={text.progress} percent={row.percent} /> : <Nothing />,
        ),
        column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
      ]}
    />
  );
}

function Databases() {
  const text = useText();
  const words = useWords();
  const { cursor } = listRoute.useSearch();
  const mayRemove = useMay()("Backups:delete");
  const { removeDatabase } = useActs();
  const [gone, setGone] = useState<Database | null>(null);
  return (
    <>
      <DataTable
        label={text.databases}
        list={useDatabases(cursor)}
        rowKey={(row) => row.database}
        empty={<Empty title={text.noDatabases} />}
        columns={(column) => [
          column("database", text.database, (row) => row.database),
          column("purpose", words.kind, (row) => text.purposes[row.purpose]),
          column("size", text.size, (row) => formatSize(row.size_bytes), "end"),
          column("at", words.at, (row) => <Instant at={row.made_at} />, "end", "minor"),
          ...(mayRemove
            ? [
                column(
                  "act",
                  words.actions,
                  (row) => (
                    <Button className="small" onPress={() => setGone(row)}>
                      {words.remove}
                    </Button>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {gone && (
        <Confirm
          title={text.removeDatabase}
          label={words.remove}
          lead={words.removeLead}
          done={words.removed}
          isDangerous
          typed={gone.database}
          onClose={() => setGone(null)}
          act={async () => {
            await removeDatabase(gone.database);
            return "done";
          }}
        />
      )}
    </>
  );
}
