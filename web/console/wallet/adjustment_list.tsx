/// Adjustments of balances: those that wait for a second admin first.
import { useState } from "react";
import { Button, RowButton, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Money, Reference, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { RequestDialog } from "./adjustment_request.tsx";
import { type Adjustment, type Decision, useActs, useAdjustments } from "./queries.ts";
import { listRoute } from "./routes.tsx";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Adjustment["status"], Tone> = {
  pending: "warn",
  approved: "good",
  rejected: "bad",
  cancelled: "neutral",
  expired: "neutral",
};

export function AdjustmentList() {
  const text = useText();
  const words = useWords();
  const { status, ...rest } = listRoute.useSearch();
  const list = useAdjustments({ status: status ?? "pending", ...rest });
  const mayEdit = useMay()("Wallet:edit");
  const [open, setOpen] = useState<Adjustment | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const { pending: none, ...others } = text.statuses;
  return (
    <Page
      title={text.title}
      lead={text.lead}
      acts={
        mayEdit && (
          <Button kind="primary" onPress={() => setIsAsking(true)}>
            {text.ask}
          </Button>
        )
      }
    >
      <Filters
        values={{ status, ...rest }}
        texts={[{ name: "user_id", label: words.customerId }]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(others), none },
          { name: "direction", label: text.direction, options: optionsOf(text.directions) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.adjustment_id}
        onOpen={setOpen}
        empty={<Empty title={status ? text.none : text.empty} />}
        columns={(column) => [
          column("note", text.note, (row) => <RowButton onPress={() => setOpen(row)}>{row.note}</RowButton>),
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} user={row.user} />),
          column("reason", words.reason, (row) => text.reasons[row.reason], "minor"),
          column("direction", text.direction, (row) => text.directions[row.direction], "minor"),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("at", words.at, (row) => <Instant at={row.requested_at} />, "end", "minor"),
        ]}
      />
      {open && <DecideDialog adjustment={open} mayEdit={mayEdit} onClose={() => setOpen(null)} />}
      {isAsking && <RequestDialog onClose={() => setIsAsking(false)} />}
    </Page>
  );
}

interface DecideProps {
  adjustment: Adjustment;
  mayEdit: boolean;
  onClose: () => void;
}

function DecideDialog({ adjustment, mayEdit, onClose }: DecideProps) {
  const text = useText();
  const words = useWords();
  const admin = useAdmin();
  const { decide } = useActs();
  const [isRejected, setIsRejected] = useState(false);
  const isOwn = adjustment.requested_by === admin.admin_id;
  const isOpen = adjustment.status === "pending" && mayEdit;
  const decision: Decision = isOwn ? "cancel" : isRejected ? "reject" : "approve";
  return (
    <ActDialog
      title={text.directions[adjustment.direction]}
      submitLabel={text.decisions[decision]}
      isDangerous={decision !== "cancel"}
      isDisabled={!isOpen}
      onClose={onClose}
      act={async (values) => {
        await decide(adjustment, decision, values.note ?? "");
        onClose();
        toast(text.decided[decision]);
      }}
    >
      <Facts
        facts={[
          [words.amount, <Money key="amount" rupees={adjustment.amount} />],
          [words.customer, <UserLink key="user" userId={adjustment.user_id} user={adjustment.user} />],
          [words.reason, text.reasons[adjustment.reason]],
          [text.note, adjustment.note],
          [text.reference, <Reference key="reference" value={adjustment.reference} />],
          [text.askedBy, isOwn ? text.you : <Reference key="by" value={adjustment.requested_by} short />],
          [words.at, <Instant key="at" at={adjustment.requested_at} />],
          [words.until, <Instant key="until" at={adjustment.expires_at} />],
          adjustment.decision_note !== null && [text.decisionNote, adjustment.decision_note],
        ]}
      />
      {isOpen && isOwn && <p className="note">{text.own}</p>}
      {isOpen && <TextField name="note" label={text.decisionNote} isRequired minLength={3} maxLength={500} />}
      {isOpen && !isOwn && (
        <Button kind="quiet" className="start" onPress={() => setIsRejected(!isRejected)}>
          {text.decisions[isRejected ? "approve" : "reject"]}
        </Button>
      )}
    </ActDialog>
  );
}
