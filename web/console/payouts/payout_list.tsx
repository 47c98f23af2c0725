/// Payouts of closed accounts: those that have nowhere to go are sent, or settled with the bank's reference.
import { useState } from "react";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { ReasonField } from "#ui/fields.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Money, Nothing, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Payout, useActs, usePayouts } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Payout["status"], Tone> = { needs_payee: "bad", due: "warn", paid: "good" };
interface Chosen {
  payout: Payout;
  act: "send" | "settle";
}

export function PayoutList() {
  const text = useText();
  const words = useWords();
  const { status, user_id, cursor } = listRoute.useSearch();
  const list = usePayouts({ status, user_id }, cursor);
  const mayEdit = useMay()("Payments:edit");
  const [chosen, setChosen] = useState<Chosen | null>(null);
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={{ status, user_id }}
        texts={[{ name: "user_id", label: words.customerId }]}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.statuses) }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.payout_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} />),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("to", text.destination, (row) => row.destination ?? <Nothing />),
          column("proof", text.proof, (row) => row.utr ?? <Nothing />, "minor"),
          column("why", words.reason, (row) => row.reason ?? <Nothing />, "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
          ...(mayEdit
            ? [
                column(
                  "acts",
                  words.actions,
                  (row) =>
                    row.status === "needs_payee" && (
                      <span className="row acts-end">
                        <Button className="small" onPress={() => setChosen({ payout: row, act: "send" })}>
                          {text.send}
                        </Button>
                        <Button className="small" onPress={() => setChosen({ payout: row, act: "settle" })}>
                          {text.settle}
                        </Button>
                      </span>
                    ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {chosen?.act === "send" && <SendDialog payout={chosen.payout} onClose={() => setChosen(null)} />}
      {chosen?.act === "settle" && <SettleDialog payout={chosen.payout} onClose={() => setChosen(null)} />}
    </Page>
  );
}

interface DialogProps {
  payout: Payout;
  onClose: () => void;
}

function SendDialog({ payout, onClose }: DialogProps) {
  const text = useText();
  const words = useWords();
  const { send } = useActs();
  return (
    <ActDialog
      title={text.send}
      submitLabel={text.send}
      onClose={onClose}
      act={async ({ reason = "", ...typed }) => {
        const filled = Object.entries(typed).filter(([, value]) => value.trim() !== "");
        const outcome = await send(payout, { ...Object.fromEntries(filled), reason });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : text.sent);
      }}
    >
      <p className="muted">{text.sendLead}</p>
      <TextField name="upi_address" label={text.upi} autoComplete="off" />
      <TextField name="account_number" label={text.account} inputMode="numeric" autoComplete="off" />
      <TextField name="ifsc" label={text.ifsc} autoComplete="off" />
      <TextField name="account_name" label={text.holder} autoComplete="off" maxLength={50} />
      <ReasonField />
    </ActDialog>
  );
}

function SettleDialog({ payout, onClose }: DialogProps) {
  const text = useText();
  const words = useWords();
  const { settle } = useActs();
  return (
    <ActDialog
      title={text.settle}
      submitLabel={text.settle}
      isDangerous
      onClose={onClose}
      act={async ({ utr = "", reason = "" }) => {
        const outcome = await settle(payout, { utr, reason });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : text.settled);
      }}
    >
      <p className="muted">{text.settleLead}</p>
      <TextField name="utr" label={text.proof} isRequired autoComplete="off" maxLength={30} />
      <ReasonField />
    </ActDialog>
  );
}
