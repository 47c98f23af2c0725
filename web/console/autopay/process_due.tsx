/// Running what is due now, as the workers do, and what became of each.
import { useState } from "react";
import { ResultRows } from "#ui/bulk.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { countOf } from "#ui/fields.tsx";
import { ActDialog } from "#ui/form.tsx";
import { UserLink } from "#ui/links.tsx";
import { Badge, Money, type Tone, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Processed, useProcessDue } from "./queries.ts";
import { useText } from "./text.ts";

const TONES: Partial<Record<Processed["items"][number]["outcome"], Tone>> = {
  succeeded: "good",
  abandoned: "bad",
  retrying: "warn",
  paused: "warn",
};

export function ProcessDueDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const run = useProcessDue();
  const [result, setResult] = useState<Processed | null>(null);
  if (result) {
    return (
      <Dialog title={text.processDue} isOpen onClose={onClose} className="wide">
        <div className="form">
          <Ran result={result} />
          <footer>
            <Button kind="primary" onPress={onClose}>
              {words.close}
            </Button>
          </footer>
        </div>
      </Dialog>
    );
  }
  return (
    <ActDialog
      title={text.processDue}
      submitLabel={text.processDue}
      onClose={onClose}
      act={async (values) => setResult(await run(countOf(values, "limit", words.numberInvalid) ?? 100))}
    >
      <p className="muted">{text.processLead}</p>
      <TextField
        name="limit"
        label={text.howMany}
        hint={text.mostHint}
        inputMode="numeric"
        defaultValue="100"
        isRequired
      />
    </ActDialog>
  );
}

function Ran({ result }: { result: Processed }) {
  const text = useText();
  const words = useWords();
  if (result.items.length === 0) return <p className="muted">{text.nothingRun}</p>;
  return (
    <>
      {result.late.count > 0 && <p className="note warn">{text.wereLate(result.late.count)}</p>}
      {result.is_more && <p className="note">{text.more}</p>}
      <ResultRows
        label={words.outcome}
        head={[words.customer, words.amount, words.outcome]}
        rows={result.items.map((each) => ({
          id: each.autopay_id,
          cells: [
            <UserLink key="user" userId={each.user_id} />,
            <Money key="amount" rupees={each.amount} />,
            <span key="outcome" className="row">
              <Badge tone={TONES[each.outcome] ?? "neutral"}>{text.runOutcomes[each.outcome]}</Badge>
              {each.reason && <span className="muted">{wordsOf(each.reason)}</span>}
            </span>,
          ],
        }))}
      />
    </>
  );
}
