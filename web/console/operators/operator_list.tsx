/// The operators: whether their recharges are accepted, by which channels they go, the switch, and when they work on their systems.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { MaintenanceBadge, MaintenanceDialog } from "./maintenance.tsx";
import { NewOperatorDialog } from "./operator_form.tsx";
import { type Operator, useOperators, useStatusChange } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { STATUS_TONES, useText } from "./text.ts";

export function OperatorList() {
  const text = useText();
  const words = useWords();
  const { status, cursor } = listRoute.useSearch();
  const list = useOperators(status, cursor);
  const may = useMay();
  const navigate = useNavigate();
  const mayEdit = may("Operators:edit", { scoped: true });
  const [isNew, setIsNew] = useState(false);
  const [change, setChange] = useState<Operator | null>(null);
  const [planned, setPlanned] = useState<string | null>(null);
  // As it is now: the dialog shows what another admin changed meanwhile.
  const inPlan = list.rows.find((row) => row.code === planned);
  const columns: Column<Operator>[] = [
    {
      id: "name",
      header: text.name,
      cell: (row) => (
        <Link to="/operators/$operator" params={{ operator: row.code }}>
          {row.display_name}
        </Link>
      ),
    },
    { id: "code", header: text.code, cell: (row) => row.code, isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (row) => (
        <span className="row">
          <Badge tone={STATUS_TONES[row.status]}>{text.statuses[row.status]}</Badge>
          <MaintenanceBadge operator={row} />
        </span>
      ),
    },
    { id: "served", header: text.served, cell: (row) => (row.is_active ? text.yes : text.no), isMinor: true },
    { id: "channel", header: text.channel, cell: (row) => text.channels[row.channel], isMinor: true },
    {
      id: "updated",
      header: text.updated,
      cell: (row) => <Instant at={row.updated_at} />,
      align: "end",
      isMinor: true,
    },
    ...(mayEdit
      ? [
          {
            id: "act",
            header: words.actions,
            align: "end" as const,
            cell: (row: Operator) => (
              <span className="row acts-end">
                <Button className="small" onPress={() => setPlanned(row.code)}>
                  {text.maintenance}
                </Button>
                <Button className="small" onPress={() => setChange(row)}>
                  {row.status === "down" ? text.resume : text.pause}
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ];
  return (
    <Page
      title={text.title}
      acts={
        may("Operators:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.addOperator}
          </Button>
        )
      }
    >
      <Filters
        values={{ status }}
        choices={[
          {
            name: "status",
            label: text.status,
            options: Object.entries(text.statuses).map(([id, label]) => ({ id, label })),
          },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(row) => row.code}
        onOpen={(row) => void navigate({ to: "/operators/$operator", params: { operator: row.code } })}
        empty={<Empty title={text.empty} />}
      />
      {isNew && <NewOperatorDialog onClose={() => setIsNew(false)} />}
      {change && <StatusDialog operator={change} onClose={() => setChange(null)} />}
      {inPlan && <MaintenanceDialog operator={inPlan} onClose={() => setPlanned(null)} />}
    </Page>
  );
}

function StatusDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const text = useText();
  const change = useStatusChange();
  const isPause = operator.status !== "down";
  const name = operator.display_name;
  return (
    <ActDialog
      title={isPause ? text.pauseTitle(name) : text.resumeTitle(name)}
      submitLabel={isPause ? text.pause : text.resume}
      isDangerous={isPause}
      onClose={onClose}
      act={async () => {
        await change(operator, isPause ? "down" : "up");
        onClose();
        toast(isPause ? text.paused : text.resumed);
      }}
      {...(isPause ? { typed: operator.code } : {})}
    >
      <p className="muted">{isPause ? text.pauseLead : text.resumeLead}</p>
    </ActDialog>
  );
}
