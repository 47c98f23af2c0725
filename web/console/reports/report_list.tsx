/// Reports: files that were asked for, with their progress, and schedules.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { saveFile } from "#ui/api.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page, Tabs } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, formatCount, formatDuration, formatSize, Instant, Nothing, Progress } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import {
  type File,
  isUnderWay,
  type Schedule,
  useActs,
  useFile,
  useFiles,
  useReports,
  useSchedules,
} from "./queries.ts";
import { ReportDialog } from "./report_form.tsx";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function ReportList() {
  const text = useText();
  const { tab = "files" } = listRoute.useSearch();
  const navigate = useNavigate();
  const mayWrite = useMay()("Reports:write", { scoped: true });
  const [making, setMaking] = useState<"file" | "schedule" | null>(null);
  return (
    <Page
      title={text.title}
      acts={
        mayWrite && (
          <>
            <Button onPress={() => setMaking("schedule")}>{text.schedule}</Button>
            <Button kind="primary" onPress={() => setMaking("file")}>
              {text.build}
            </Button>
          </>
        )
      }
    >
      <Tabs
        label={text.title}
        selected={tab}
        onSelect={(id) =>
          void navigate({ to: "/reports", search: id === "files" ? {} : { tab: "schedules" }, replace: true })
        }
        tabs={[
          { id: "files", label: text.files, content: <Files /> },
          { id: "schedules", label: text.schedules, content: <Schedules mayWrite={mayWrite} /> },
        ]}
      />
      {making && <ReportDialog isSchedule={making === "schedule"} onClose={() => setMaking(null)} />}
    </Page>
  );
}

/// What a report is called; its name while the names are on their way.
function useTitles(): (name: string) => string {
  const reports = useReports();
  return (name) => reports.data?.find((each) => each.name === name)?.title ?? name;
}

function Files() {
  const text = useText();
  const words = useWords();
  const { status, report, cursor } = listRoute.useSearch();
  const list = useFiles({ status, report, cursor });
  const reports = useReports();
  const titleOf = useTitles();
  return (
    <>
      <Filters
        values={{ status, report }}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          {
            name: "report",
            label: text.report,
            options: (reports.data ?? []).map((each) => ({ id: each.name, label: each.title })),
          },
        ]}
      />
      <DataTable
        label={text.files}
        list={list}
        rowKey={(row) => row.report_file_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("report", text.report, (row) => titleOf(row.report)),
          column("filters", words.filters, (row) => filtersOf(row.filters) || <Nothing />, "minor"),
          column("status", words.status, (row) => <FileStatus file={row} onEnd={list.retry} />),
          column("rows", text.rows, (row) => formatCount(row.rows), "end", "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
          column("act", words.actions, (row) => <FileAct file={row} />, "end"),
        ]}
      />
    </>
  );
}

function filtersOf(filters: Record<string, string>): string {
  return Object.entries(filters)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/// As it stands now: what is under way is looked at until it ends.
function FileStatus({ file, onEnd }: { file: File; onEnd: () => void }) {
  const text = useText();
  const { data: now = file } = useFile(file);
  const hasEnded = isUnderWay(file) && !isUnderWay(now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end is what it waits for
  useEffect(() => {
    if (hasEnded) onEnd();
  }, [hasEnded]);
  if (!isUnderWay(now))
    return (
      <span title={now.failure ?? undefined}>
        <Badge tone={TONES[now.status]}>{text.statuses[now.status]}</Badge>
      </span>
    );
  return (
    <span className="row">
      <Progress label={text.statuses[now.status]} percent={now.percent} />
      {now.seconds_left !== null && <small className="muted">{formatDuration(now.seconds_left)}</small>}
    </span>
  );
}

function FileAct({ file }: { file: File }) {
  const text = useText();
  const words = useWords();
  const { link, cancel } = useActs();
  if (file.status === "ready")
    return (
      <Button
        className="small"
        onPress={() =>
          void link(file).then(
            ({ url }) => saveFile(url, `${file.report}.${file.format}`),
            () => toast(words.failed),
          )
        }
      >
        {words.download} {file.size_bytes !== null && <small>{formatSize(file.size_bytes)}</small>}
      </Button>
    );
  if (!isUnderWay(file)) return <Nothing />;
  return (
    <Button
      className="small"
      onPress={() =>
        void cancel(file).then(
          () => toast(text.cancelled),
          () => toast(words.failed),
        )
      }
    >
      {words.cancel}
    </Button>
  );
}

function Schedules({ mayWrite }: { mayWrite: boolean }) {
  const text = useText();
  const words = useWords();
  const { cursor } = listRoute.useSearch();
  const titleOf = useTitles();
  const { unschedule } = useActs();
  const [gone, setGone] = useState<Schedule | null>(null);
  const when = (row: Schedule) =>
    row.every === "day"
      ? text.daily(row.hour)
      : row.every === "week"
        ? text.weekly(text.days[row.weekday - 1] ?? "", row.hour)
        : text.monthly(row.month_day, row.hour);
  return (
    <>
      <DataTable
        label={text.schedules}
        list={useSchedules(cursor)}
        rowKey={(row) => row.report_schedule_id}
        empty={<Empty title={text.noSchedules} />}
        columns={(column) => [
          column("report", text.report, (row) => titleOf(row.report)),
          column("when", text.every, when),
          column("format", text.format, (row) => row.format.toUpperCase(), "minor"),
          column("next", text.next, (row) => <Instant at={row.next_at} />, "end", "minor"),
          ...(mayWrite
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
          title={text.removeSchedule}
          label={words.remove}
          done={words.removed}
          isDangerous
          onClose={() => setGone(null)}
          act={async () => {
            await unschedule(gone);
            return "done";
          }}
        />
      )}
    </>
  );
}
