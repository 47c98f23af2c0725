/// A new campaign: which offer, to whom, for how long, and how many don't see it. And what one that runs may spend.
import { Select, TextField } from "#ui/controls.tsx";
import {
  AmountField,
  amountOf,
  Checks,
  chosenOf,
  codesOf,
  countOf,
  instantOf,
  MomentField,
} from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Campaign, type Segment, type UserType, useActs, useOffers } from "./queries.ts";
import { useText } from "./text.ts";

export function NewCampaignDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const offers = useOffers();
  const { create } = useActs();
  const options = (offers.data ?? []).map(({ offer_id, name }) => ({ id: offer_id, label: name }));
  return (
    <ActDialog
      title={text.create}
      submitLabel={words.create}
      isDisabled={options.length === 0}
      onClose={onClose}
      act={async (values) => {
        const count = (name: string) => countOf(values, name, words.numberInvalid);
        await create({
          name: values.name ?? "",
          offer_id: values.offer_id ?? "",
          budget: amountOf(values, "budget", words.amountInvalid),
          control_percent: count("control_percent") ?? 10,
          starts_at: instantOf(values, "starts_at") ?? "",
          ends_at: instantOf(values, "ends_at") ?? "",
          target: {
            user_types: chosenOf<UserType>(values, "user_types"),
            segments: chosenOf<Segment>(values, "segments"),
            operators: codesOf(values, "operators"),
            circles: codesOf(values, "circles"),
            last_recharge_within_days: count("last_recharge_within_days"),
            last_recharge_before_days: count("last_recharge_before_days"),
          },
        });
        onClose();
        toast(words.created);
      }}
    >
      <TextField name="name" label={words.name} isRequired maxLength={120} autoFocus />
      {options.length > 0 ? (
        <Select name="offer_id" label={text.offer} options={options} defaultValue={options[0]?.id ?? ""} />
      ) : (
        <p className="note">{offers.isPending ? words.loading : text.noOffers}</p>
      )}
      <div className="fields">
        <MomentField name="starts_at" label={words.from} isRequired />
        <MomentField name="ends_at" label={words.until} isRequired />
        <TextField name="control_percent" label={text.controlPercent} defaultValue="10" inputMode="numeric" />
        <AmountField name="budget" label={text.budget} hint={text.budgetHint} />
        <TextField name="operators" label={words.operators} placeholder="JIO, VI" />
        <TextField name="circles" label={text.circles} />
        <TextField name="last_recharge_within_days" label={text.within} inputMode="numeric" />
        <TextField name="last_recharge_before_days" label={text.before} inputMode="numeric" />
      </div>
      <Checks name="user_types" label={text.types} options={optionsOf(text.userTypes)} />
      <Checks name="segments" label={text.segments} options={optionsOf(text.segmentNames)} />
    </ActDialog>
  );
}

export function BudgetDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { changeBudget } = useActs();
  return (
    <ActDialog
      title={text.changeBudgetTitle(campaign.name)}
      submitLabel={text.changeBudget}
      onClose={onClose}
      act={async (values) => {
        await changeBudget(campaign.campaign_id, amountOf(values, "budget", words.amountInvalid) ?? 0);
        onClose();
        toast(text.budgetChanged);
      }}
    >
      <AmountField name="budget" label={text.budget} hint={text.newBudgetHint} isRequired />
    </ActDialog>
  );
}
