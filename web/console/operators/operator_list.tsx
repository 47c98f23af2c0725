/// The operators: whether their recharges are accepted, by which channels they go, and the switch.
import { useState } from "react";
import { formatPaise, paiseOf } from "#shared/money.ts";
import { Button } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Filters } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Facts, Page, Skeleton } from "#ui/layout.tsx";
import { Empty, ProblemNote } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, type Tone } from "#ui/values.tsx";
import { type Operator, useChannels, useOperators, useStatusChange } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Operator["status"], Tone> = { up: "good", degraded: "warn", down: "bad" };

export function OperatorList() {
  const text = useText();
  const { status, cursor } = listRoute.useSearch();
  const list = useOperators(status, cursor);
  const mayEdit = useMay()("Operators:edit", { scoped: true });
  const [open, setOpen] = useState<Operator | null>(null);
  const [change, setChange] = useState<Operator | null>(null);
  const columns: Column<Operator>[] = [
    {
      id: "name",
      header: text.name,
      cell: (row) => (
        <Button kind="quiet" className="cell-button" onPress={() => setOpen(row)}>
          {row.display_name}
        </Button>
      ),
    },
    { id: "code", header: text.code, cell: (row) => row.code, isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (row) => <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>,
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
            header: "",
            align: "end" as const,
            cell: (row: Operator) => (
              <Button className="small" onPress={() => setChange(row)}>
                {row.status === "down" ? text.resume : text.pause}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Page title={text.title}>
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
        onOpen={setOpen}
        empty={<Empty title={text.empty} />}
      />
      {open && <ChannelsDialog operator={open} onClose={() => setOpen(null)} />}
      {change && <StatusDialog operator={change} onClose={() => setChange(null)} />}
    </Page>
  );
}

function ChannelsDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const text = useText();
  const channels = useChannels(operator.code);
  return (
    <Dialog
      title={`${operator.display_name}: ${text.channelsTitle}`}
      isOpen
      onClose={onClose}
      className="wide"
    >
      {channels.isPending && <Skeleton lines={3} />}
      {channels.error && <ProblemNote error={channels.error} onRetry={() => void channels.refetch()} />}
      {channels.data?.length === 0 && <p className="muted">{text.noChannels}</p>}
      {channels.data?.map((channel) => (
        <section key={channel.code} className="stack">
          <h3 className="row">
            {channel.name}
            <Badge tone={channel.is_active ? "good" : "neutral"}>
              {channel.is_active ? text.active : text.off}
            </Badge>
            {channel.pending_url !== null && <Badge tone="warn">{text.waits}</Badge>}
          </h3>
          <Facts
            facts={[
              [text.channelName, channel.code],
              [text.priority, channel.priority],
              [text.weight, channel.weight],
              [text.commission, `${(channel.commission_basis_points / 100).toFixed(2)} %`],
              [
                text.limits,
                `${formatPaise(paiseOf(channel.min_amount))} – ${formatPaise(paiseOf(channel.max_amount))}`,
              ],
            ]}
          />
        </section>
      ))}
    </Dialog>
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
