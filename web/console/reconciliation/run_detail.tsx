/// One day of one counterparty: what matched, and each difference with how it may end.
import { useState } from "react";
import { pickColumn, usePicks } from "#ui/bulk.tsx";
import { Button, RowButton, Select } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { ReasonField } from "#ui/fields.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, formatCount, Instant, Money, Nothing, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { BulkResolveDialog } from "./bulk_resolve.tsx";
import { type Difference, type Resolution, type Run, useActs, useDifferences, useRun } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { RUN_TONES, TONES, useText } from "./text.ts";

/// In these a difference can still be resolved.
const OPEN: ReadonlySet<Difference["status"]> = new Set(["open", "claimed"]);

export function RunDetail() {
  const text = useText();
  const { runId } = detailRoute.useParams();
  return (
    <LoadedPage query={useRun(runId)} title={text.title}>
      {(run) => <Differences run={run} />}
    </LoadedPage>
  );
}

function Differences({ run }: { run: Run }) {
  const text = useText();
  const words = useWords();
  const { status, cursor } = detailRoute.useSearch();
  const list = useDifferences(run.run_id, status, cursor);
  const [open, setOpen] = useState<Difference | null>(null);
  const mayEdit = useMay()("Payments:edit");
  const picks = usePicks<Difference>((row) => row.difference_id);
  const [inBulk, setInBulk] = useState<Difference[] | null>(null);
  return (
    <Page
      title={`${run.counterparty}, ${run.day}`}
      lead={<Badge tone={RUN_TONES[run.status]}>{text.runStatuses[run.status]}</Badge>}
      acts={
        picks.rows.length > 0 && (
          <>
            <Button kind="quiet" onPress={picks.clear}>
              {words.none}
            </Button>
            <Button kind="danger" onPress={() => setInBulk(picks.rows)}>
              {text.resolveChosen(picks.rows.length)}
            </Button>
          </>
        )
      }
    >
      <Card>
        <Facts
          facts={[
            [text.theirs, `${formatCount(run.rows_theirs)} · ${run.their_amount}`],
            [text.ours, `${formatCount(run.rows_ours)} · ${run.our_amount}`],
            [text.matched, formatCount(run.matched)],
            [text.apart, <Money key="apart" rupees={run.difference_amount} />],
            [text.charges, <Money key="charges" rupees={run.charges_amount} />],
            [text.ended, <Instant key="ended" at={run.finished_at} />],
            [text.seal, <Reference key="seal" value={run.statement_sha256} short />],
            run.error !== "" && [text.error, run.error],
          ]}
        />
      </Card>
      <Filters
        values={{ status }}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.statuses) }]}
      />
      <DataTable
        label={text.differences}
        list={list}
        rowKey={(row) => row.difference_id}
        onOpen={setOpen}
        empty={<Empty title={text.noDifferences} />}
        columns={(column) => [
          ...(mayEdit
            ? [
                pickColumn(picks, words.chosen, {
                  nameOf: (row: Difference) => `${text.kinds[row.kind]}, ${row.reference}`,
                  isPossible: (row) => OPEN.has(row.status),
                }),
              ]
            : []),
          column("kind", words.kind, (row) => (
            <RowButton onPress={() => setOpen(row)}>{text.kinds[row.kind]}</RowButton>
          )),
          column("reference", text.reference, (row) => row.reference, "minor"),
          column("ours", text.ours, (row) => <Amount rupees={row.our_amount} />, "end"),
          column("theirs", text.theirs, (row) => <Amount rupees={row.their_amount} />, "end"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
        ]}
      />
      {open && <ResolveDialog difference={open} onClose={() => setOpen(null)} />}
      {inBulk && (
        <BulkResolveDialog differences={inBulk} onClose={() => setInBulk(null)} onDone={picks.clear} />
      )}
    </Page>
  );
}

function Amount({ rupees }: { rupees: number | null }) {
  return rupees === null ? <Nothing /> : <Money rupees={rupees} />;
}

function ResolveDialog({ difference, onClose }: { difference: Difference; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const mayEdit = useMay()("Payments:edit");
  const { resolve } = useActs();
  const isOpen = mayEdit && OPEN.has(difference.status);
  return (
    <ActDialog
      title={text.kinds[difference.kind]}
      submitLabel={text.resolve}
      isDisabled={!isOpen}
      isDangerous
      onClose={onClose}
      act={async (values) => {
        await resolve(difference, (values.resolution ?? "none") as Resolution, values.note ?? "");
        onClose();
        toast(text.resolved);
      }}
    >
      <Facts
        facts={[
          [text.reference, <Reference key="reference" value={difference.reference} />],
          [words.customer, <UserLink key="user" userId={difference.user_id} />],
          [
            text.recharge,
            <RechargeLink key="r" userId={difference.user_id} rechargeId={difference.recharge_id} />,
          ],
          [text.ours, <Amount key="ours" rupees={difference.our_amount} />],
          [text.theirs, <Amount key="theirs" rupees={difference.their_amount} />],
          difference.resolution !== null && [text.resolution, text.resolutions[difference.resolution]],
          difference.note !== null && [words.reason, difference.note],
        ]}
      />
      {isOpen && (
        <>
          <Select
            name="resolution"
            label={text.resolution}
            defaultValue={difference.proposed_resolution}
            options={optionsOf(text.resolutions)}
            hint={text.proposed}
          />
          <ReasonField name="note" maxLength={500} />
        </>
      )}
    </ActDialog>
  );
}
