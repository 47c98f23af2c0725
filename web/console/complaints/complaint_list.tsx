/// Complaints about recharges: the open ones, the next due first.
import { useState } from "react";
import { Button, RowButton, Select } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { AmountField, amountOf, ReasonField } from "#ui/fields.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Money, Nothing, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Complaint, type Settlement, useActs, useComplaints } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Complaint["status"], Tone> = { open: "warn", upheld: "good", rejected: "neutral" };

export function ComplaintList() {
  const text = useText();
  const words = useWords();
  const { status, cursor } = listRoute.useSearch();
  const list = useComplaints(status ?? "open", cursor);
  const [open, setOpen] = useState<Complaint | null>(null);
  const { open: none, ...others } = text.statuses;
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={{ status }}
        choices={[{ name: "status", label: words.status, options: optionsOf(others), none }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.complaint_id}
        onOpen={setOpen}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("reason", text.about, (row) => (
            <RowButton onPress={() => setOpen(row)}>{text.reasons[row.reason]}</RowButton>
          )),
          column("operator", words.operator, (row) => row.operator, "minor"),
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} />, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("due", text.due, (row) => <Due complaint={row} />, "end"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
        ]}
      />
      {open && <ComplaintDialog complaint={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Due({ complaint }: { complaint: Complaint }) {
  const text = useText();
  if (complaint.status !== "open") return <Nothing />;
  return complaint.is_overdue ? <Badge tone="bad">{text.overdue}</Badge> : <Instant at={complaint.due_at} />;
}

function ComplaintDialog({ complaint, onClose }: { complaint: Complaint; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const admin = useAdmin();
  const mayEdit = useMay()("Wallet:edit");
  const { assign, settle } = useActs();
  const isOpen = complaint.status === "open" && mayEdit;
  const isMine = complaint.assignee_id === admin.admin_id;
  return (
    <ActDialog
      title={text.reasons[complaint.reason]}
      submitLabel={text.settle}
      isDisabled={!isOpen}
      onClose={onClose}
      act={async (values) => {
        const outcome = (values.outcome ?? "upheld") as Settlement["outcome"];
        const compensation = amountOf(values, "compensation", words.amountInvalid);
        await settle(complaint, { outcome, note: values.note ?? "", compensation });
        onClose();
        toast(text.settled);
      }}
    >
      <Facts
        facts={[
          [
            text.recharge,
            <RechargeLink key="r" userId={complaint.user_id} rechargeId={complaint.recharge_id} />,
          ],
          [words.customer, <UserLink key="user" userId={complaint.user_id} />],
          [words.operator, complaint.operator],
          [text.due, <Due key="due" complaint={complaint} />],
          [text.owed, <Money key="owed" rupees={complaint.compensation_owed} />],
          [text.assignee, isMine ? text.you : (complaint.assignee_id?.slice(0, 8) ?? null)],
          complaint.resolution !== null && [text.note, complaint.resolution],
        ]}
      />
      {isOpen && (
        <>
          <Button
            kind="quiet"
            className="start"
            onPress={() =>
              void assign(complaint, isMine ? null : admin.admin_id).then(onClose, () => toast(words.failed))
            }
          >
            {isMine ? text.give : text.take}
          </Button>
          <div className="fields">
            <Select
              name="outcome"
              label={text.outcome}
              defaultValue="upheld"
              options={optionsOf(text.outcomes)}
            />
            <AmountField name="compensation" label={text.compensation} hint={text.compensationHint} />
          </div>
          <ReasonField name="note" label={text.note} hint={text.noteHint} maxLength={500} />
        </>
      )}
    </ActDialog>
  );
}
