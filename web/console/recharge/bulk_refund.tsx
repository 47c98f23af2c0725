/// Refunding many recharges to their wallets: tried first, then done.
import { BulkDialog, ResultRows } from "#ui/bulk.tsx";
import { ReasonField } from "#ui/fields.tsx";
import { Badge, Money, Nothing, Phone, type Tone, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import type { Recharge } from "./queries.ts";
import { type BulkRefunds, useQueueActs } from "./queue_queries.ts";
import { useText } from "./text.ts";

type Outcome = BulkRefunds["recharges"][number]["outcome"];
const TONES: Record<Outcome, Tone> = {
  would_refund: "info",
  would_need_approval: "warn",
  refunded: "good",
  needs_approval: "warn",
  refused: "bad",
};

export function BulkRefundDialog({
  recharges,
  onClose,
  onDone,
}: {
  recharges: Recharge[];
  onClose: () => void;
  onDone: () => void;
}) {
  const text = useText();
  const { refundMany } = useQueueActs();
  return (
    <BulkDialog<BulkRefunds>
      title={text.bulkTitle(recharges.length)}
      label={text.refund}
      lead={text.bulkLead}
      count={recharges.length}
      fields={<ReasonField />}
      run={(values, key, isDryRun) => refundMany(recharges, values.reason ?? "", key, isDryRun)}
      isWorthwhile={(trial) => trial.recharges.some((each) => each.outcome !== "refused")}
      show={(result) => <Rows result={result} recharges={recharges} />}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

function Rows({ result, recharges }: { result: BulkRefunds; recharges: Recharge[] }) {
  const text = useText();
  const words = useWords();
  const of = (id: string) => recharges.find((each) => each.recharge_id === id);
  return (
    <>
      <p>
        {text.bulkTotal}: <Money rupees={result.total} />
      </p>
      <ResultRows
        label={words.outcome}
        head={[text.phone, text.plan, words.amount, words.outcome]}
        rows={result.recharges.map((each) => ({
          id: each.recharge_id,
          cells: [
            <Phone key="phone" number={of(each.recharge_id)?.phone_number} />,
            of(each.recharge_id)?.plan_name ?? <Nothing key="plan" />,
            each.amount === null ? <Nothing key="none" /> : <Money key="amount" rupees={each.amount} />,
            <span key="outcome" className="row">
              <Badge tone={TONES[each.outcome]}>{text.bulkOutcomes[each.outcome]}</Badge>
              {each.refusal_code && <span className="muted">{wordsOf(each.refusal_code)}</span>}
            </span>,
          ],
        }))}
      />
    </>
  );
}
