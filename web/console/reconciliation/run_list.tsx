/// Each day's statements against our books, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { DayField } from "#ui/fields.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Money } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Run, useActs, useRuns } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { RUN_TONES, useText } from "./text.ts";

export function RunList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useRuns(filters);
  const mayEdit = useMay()("Payments:edit");
  const [isStarting, setIsStarting] = useState(false);
  const open = (row: Run) => void navigate({ to: "/reconciliation/$runId", params: { runId: row.run_id } });
  return (
    <Page
      title={text.title}
      lead={text.lead}
      acts={mayEdit && <Button onPress={() => setIsStarting(true)}>{text.start}</Button>}
    >
      <Filters
        values={filters}
        texts={[
          {
            name: "counterparty",
            label: text.counterparty,
            placeholder: "JIO",
            read: (typed) => typed.trim(),
          },
        ]}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.runStatuses) }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.run_id}
        onOpen={open}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("day", text.day, (row) => (
            <Link to="/reconciliation/$runId" params={{ runId: row.run_id }}>
              {row.day}
            </Link>
          )),
          column("counterparty", text.counterparty, (row) => row.counterparty),
          column("status", words.status, (row) => (
            <Badge tone={RUN_TONES[row.status]}>{text.runStatuses[row.status]}</Badge>
          )),
          column("matched", text.matched, (row) => formatCount(row.matched), "end", "minor"),
          column("open", text.open, (row) => formatCount(row.open_differences), "end"),
          column("apart", text.apart, (row) => <Money rupees={row.difference_amount} />, "end", "minor"),
        ]}
      />
      {isStarting && <StartDialog onClose={() => setIsStarting(false)} />}
    </Page>
  );
}

function StartDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const navigate = useNavigate();
  const { start } = useActs();
  return (
    <ActDialog
      title={text.start}
      submitLabel={text.start}
      onClose={onClose}
      act={async (values) => {
        const run = await start(values.counterparty ?? "", values.day ?? "");
        onClose();
        void navigate({ to: "/reconciliation/$runId", params: { runId: run.run_id } });
      }}
    >
      <p className="muted">{text.startLead}</p>
      <TextField name="counterparty" label={text.counterparty} placeholder="JIO" isRequired autoFocus />
      <DayField name="day" label={text.day} isRequired />
    </ActDialog>
  );
}
