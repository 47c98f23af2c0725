/// Resolving many differences: tried first, then done.
import { BulkDialog, ResultRows } from "#ui/bulk.tsx";
import { Select } from "#ui/controls.tsx";
import { ReasonField } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { Badge, Money, Nothing, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type BulkResolutions, type Difference, type Resolution, useActs } from "./queries.ts";
import { useText } from "./text.ts";

const PROPOSED = "proposed";
const TONES: Record<BulkResolutions["differences"][number]["outcome"], Tone> = {
  would_be_done: "info",
  done: "good",
  already_done: "neutral",
  refused: "bad",
};

export function BulkResolveDialog({
  differences,
  onClose,
  onDone,
}: {
  differences: Difference[];
  onClose: () => void;
  onDone: () => void;
}) {
  const text = useText();
  const { resolveMany } = useActs();
  return (
    <BulkDialog<BulkResolutions>
      title={text.bulkTitle(differences.length)}
      label={text.resolve}
      lead={text.bulkLead}
      count={differences.length}
      fields={
        <>
          <Select
            name="resolution"
            label={text.resolution}
            defaultValue={PROPOSED}
            options={[{ id: PROPOSED, label: text.asProposed }, ...optionsOf(text.resolutions)]}
          />
          <ReasonField name="note" maxLength={500} />
        </>
      }
      run={({ resolution = PROPOSED, note = "" }, _key, isDryRun) =>
        resolveMany(differences, resolution === PROPOSED ? null : (resolution as Resolution), note, isDryRun)
      }
      isWorthwhile={(trial) => trial.differences.some((each) => each.outcome === "would_be_done")}
      show={(result) => <Rows result={result} differences={differences} />}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

function Rows({ result, differences }: { result: BulkResolutions; differences: Difference[] }) {
  const text = useText();
  const words = useWords();
  const of = (id: string) => differences.find((each) => each.difference_id === id);
  return (
    <>
      <p>
        {text.moves}: <Money rupees={result.total_moved} />
      </p>
      <ResultRows
        label={words.outcome}
        head={[text.reference, text.resolution, words.amount, words.outcome]}
        rows={result.differences.map((each) => ({
          id: each.difference_id,
          cells: [
            of(each.difference_id)?.reference ?? <Nothing key="reference" />,
            each.resolution === null ? <Nothing key="none" /> : text.resolutions[each.resolution],
            each.moved === null ? <Nothing key="nothing" /> : <Money key="moved" rupees={each.moved} />,
            <span key="outcome" className="row">
              <Badge tone={TONES[each.outcome]}>{text.bulkOutcomes[each.outcome]}</Badge>
              {each.refusal && <span className="muted">{each.refusal}</span>}
            </span>,
          ],
        }))}
      />
    </>
  );
}
