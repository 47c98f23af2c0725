/// Acts that take a second admin, those that wait first.
import { useState } from "react";
import { Button, TextField } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useAdmin } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Reference, type Tone } from "#ui/values.tsx";
import { type Approval, type Decision, type Status, useApprovals, useDecision } from "./queries.ts";
import { listRoute, STATUSES } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Status, Tone> = {
  pending: "warn",
  approved: "good",
  rejected: "bad",
  cancelled: "neutral",
  expired: "neutral",
};

export function ApprovalList() {
  const text = useText();
  const { status, cursor } = listRoute.useSearch();
  const list = useApprovals(status ?? "pending", cursor);
  const [open, setOpen] = useState<Approval | null>(null);
  const columns: Column<Approval>[] = [
    {
      id: "what",
      header: text.what,
      cell: (row) => (
        <Button kind="quiet" className="cell-button" onPress={() => setOpen(row)}>
          {row.summary}
        </Button>
      ),
    },
    { id: "reason", header: text.reason, cell: (row) => row.reason, isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (row) => <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>,
    },
    {
      id: "requested",
      header: text.requested,
      cell: (row) => <Instant at={row.requested_at} />,
      align: "end",
      isMinor: true,
    },
    {
      id: "expires",
      header: text.expires,
      cell: (row) => <Instant at={row.expires_at} />,
      align: "end",
      isMinor: true,
    },
  ];
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={{ status }}
        choices={[
          {
            name: "status",
            label: text.status,
            options: STATUSES.filter((each) => each !== "pending").map((id) => ({
              id,
              label: text.statuses[id],
            })),
            none: text.statuses.pending,
          },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(row) => row.approval_id}
        onOpen={setOpen}
        empty={<Empty title={status ? text.none : text.empty} />}
      />
      {open && <ApprovalDialog approval={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function ApprovalDialog({ approval, onClose }: { approval: Approval; onClose: () => void }) {
  const text = useText();
  const admin = useAdmin();
  const decide = useDecision(approval);
  const [isRejected, setIsRejected] = useState(false);
  const isOwn = approval.requested_by === admin.admin_id;
  const isOpen = approval.status === "pending";
  const decision: Decision = isOwn ? "cancel" : isRejected ? "reject" : "approve";
  const labels = { approve: text.approve, reject: text.reject, cancel: text.withdraw };
  const done = { approve: text.approved, reject: text.rejected, cancel: text.withdrawn };
  return (
    <ActDialog
      title={approval.summary}
      submitLabel={labels[decision]}
      isDangerous={decision === "reject"}
      isDisabled={!isOpen}
      onClose={onClose}
      act={async (values) => {
        await decide(decision, values.note ?? "");
        onClose();
        toast(done[decision]);
      }}
    >
      <Facts
        facts={[
          [
            text.status,
            <Badge key="status" tone={TONES[approval.status]}>
              {text.statuses[approval.status]}
            </Badge>,
          ],
          [text.act, approval.act.replaceAll("_", " ")],
          [text.target, <Reference key="target" value={approval.target} />],
          [text.requestedBy, isOwn ? text.you : <Reference key="by" value={approval.requested_by} short />],
          [text.requested, <Instant key="at" at={approval.requested_at} />],
          [text.reason, approval.reason || null],
          approval.decided_by !== null && [
            text.decidedBy,
            <Reference key="decided" value={approval.decided_by} short />,
          ],
          approval.decision_note !== null && [text.note, approval.decision_note],
        ]}
      />
      {isOpen && isOwn && <p className="note">{text.own}</p>}
      {isOpen && (
        <TextField
          name="note"
          label={text.note}
          hint={text.noteHint}
          isRequired
          minLength={3}
          maxLength={500}
        />
      )}
      {isOpen && !isOwn && (
        <Button kind="quiet" className="start" onPress={() => setIsRejected(!isRejected)}>
          {isRejected ? text.approve : text.reject}
        </Button>
      )}
    </ActDialog>
  );
}
