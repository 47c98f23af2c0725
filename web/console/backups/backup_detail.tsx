/// One backup: what it holds, whether it was proved, and restoring it.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { saveFile } from "#ui/api.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { Loaded, LoadedPage } from "#ui/loaded.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, formatCount, formatDuration, formatSize, Instant, Progress } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { Verified } from "./backup_list.tsx";
import { type BackupWhole, isUnderWay, type Run, useActs, useBackup, useLog } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

type Act = "verify" | "restore" | "in_place" | "remove";

export function BackupDetail() {
  const text = useText();
  const { backup } = detailRoute.useParams();
  return (
    <LoadedPage query={useBackup(backup)} title={text.title}>
      {(thing) => <Whole backup={thing} />}
    </LoadedPage>
  );
}

function Whole({ backup }: { backup: BackupWhole }) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const { link } = useActs();
  const [act, setAct] = useState<Act | null>(null);
  const isReady = backup.status === "ready" && !isUnderWay(backup.run);
  const download = () =>
    void link(backup.backup).then(
      ({ url }) => saveFile(url, backup.backup),
      () => toast(words.failed),
    );
  return (
    <Page
      title={backup.backup}
      lead={
        <>
          <Badge tone={TONES[backup.status]}>{text.statuses[backup.status]}</Badge>
          <Verified verification={backup.verification} />
          <span>{backup.description}</span>
        </>
      }
      acts={
        isReady && (
          <>
            {may("Backups:edit") && (
              <>
                <Button onPress={download}>{words.download}</Button>
                <Button onPress={() => setAct("verify")}>{text.verify}</Button>
                <Button onPress={() => setAct("restore")}>{text.restore}</Button>
                <Button onPress={() => setAct("in_place")}>{text.inPlace}</Button>
              </>
            )}
            {may("Backups:delete") && <Button onPress={() => setAct("remove")}>{words.remove}</Button>}
          </>
        )
      }
    >
      {backup.run && <RunCard run={backup.run} />}
      <Card title={text.holds}>
        <Facts
          facts={[
            [text.begunAt, <Instant key="at" at={backup.begun_at} />],
            [text.size, backup.size_bytes === null ? null : formatSize(backup.size_bytes)],
            [text.lasted, backup.duration_seconds === null ? null : formatDuration(backup.duration_seconds)],
            [text.encrypted, backup.encrypted === null ? null : backup.encrypted ? words.yes : words.no],
            [text.rows, backup.contents && formatCount(backup.contents.rows)],
            [text.documents, backup.contents && formatCount(backup.contents.documents)],
            [text.tables, backup.contents && formatCount(backup.contents.tables)],
            [text.release, backup.gencharge],
            [text.migration, backup.migration],
          ]}
        />
        {backup.verification && backup.verification.problems.length > 0 && (
          <ul className="note bad">
            {backup.verification.problems.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
      </Card>
      {act && <ActOn backup={backup.backup} act={act} onClose={() => setAct(null)} />}
    </Page>
  );
}

function RunCard({ run }: { run: Run }) {
  const text = useText();
  const words = useWords();
  const mayEdit = useMay()("Backups:edit");
  const { cancel } = useActs();
  const log = useLog(run);
  return (
    <Card
      title={text.kinds[run.kind]}
      acts={<Badge tone={TONES[run.status]}>{text.runStatuses[run.status]}</Badge>}
    >
      {isUnderWay(run) && (
        <p className="row">
          <Progress label={text.progress} percent={run.percent} /> <span className="muted">{run.stage}</span>
          {run.seconds_left !== null && (
            <span className="muted">{text.left(formatDuration(run.seconds_left))}</span>
          )}
          {mayEdit && (
            <Button
              className="small"
              onPress={() =>
                void cancel(run).then(
                  () => toast(text.cancelled),
                  () => toast(words.failed),
                )
              }
            >
              {words.cancel}
            </Button>
          )}
        </p>
      )}
      {run.failure && <p className="note bad">{run.failure}</p>}
      {run.database && (
        <p>
          {text.restoredInto} <code>{run.database}</code>
        </p>
      )}
      <Loaded query={log} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{text.noLog}</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
            <pre className="mono-block" tabIndex={0}>
              {items.map((line) => `${line.level.padEnd(7)} ${line.text}`).join("\n")}
            </pre>
          )
        }
      </Loaded>
    </Card>
  );
}

function ActOn({ backup, act, onClose }: { backup: string; act: Act; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { verify, restore, remove } = useActs();
  if (act === "verify")
    return (
      <Confirm
        title={text.verify}
        label={text.verify}
        lead={text.verifyLead}
        done={text.begun}
        onClose={onClose}
        act={async () => {
          await verify(backup);
          return "done";
        }}
      />
    );
  if (act === "remove")
    return (
      <Confirm
        title={text.removeTitle}
        label={words.remove}
        lead={words.removeLead}
        done={words.removed}
        isDangerous
        typed={backup}
        onClose={onClose}
        act={async () => {
          await remove(backup);
          void navigate({ to: "/backups" });
          return "done";
        }}
      />
    );
  const isInPlace = act === "in_place";
  return (
    <Confirm
      title={isInPlace ? text.inPlace : text.restore}
      label={isInPlace ? text.inPlace : text.restore}
      lead={isInPlace ? text.inPlaceLead : text.restoreLead}
      done={text.begun}
      isDangerous={isInPlace}
      onClose={onClose}
      {...(isInPlace ? { typed: backup, reason: "reason" } : {})}
      act={(reason) => restore(backup, isInPlace ? { in_place: true, confirm: backup, reason } : {})}
    />
  );
}
