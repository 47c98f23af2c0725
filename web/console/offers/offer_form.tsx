/// The form of an offer, for a new one and for one that is there.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Select, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import {
  AmountField,
  amountOf,
  Check,
  Checks,
  chosenOf,
  codesOf,
  countOf,
  instantOf,
  localOf,
  MomentField,
  wrongAt,
} from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { Form, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Offer, type Terms, useActs, useTypes } from "./queries.ts";
import { type Gain, useText } from "./text.ts";

type Words = ReturnType<typeof useWords>;
type Conditions = NonNullable<Terms["conditions"]>;

/// A discount or a cashback: `discount.kind`, `discount.amount`, `discount.percent`, `discount.cap`.
function readGain(values: Values, name: string, words: Words) {
  const amount = (part: string) => {
    const rupees = amountOf(values, `${name}.${part}`, words.amountInvalid);
    if (rupees === null) throw wrongAt(`${name}.${part}`, words.amountInvalid);
    return rupees;
  };
  if (values[`${name}.kind`] === "flat") return { kind: "flat" as const, amount: amount("amount") };
  if (values[`${name}.kind`] === "percent") {
    const percent = Number(values[`${name}.percent`] ?? "");
    if (!(percent > 0 && percent <= 100)) throw wrongAt(`${name}.percent`, words.numberInvalid);
    return { kind: "percent" as const, percent, cap: amount("cap") };
  }
  return null;
}

/// `before`: what the form has no field for stays as it was.
function read(values: Values, words: Words, before: Conditions): Terms {
  return {
    name: values.name ?? "",
    description: values.description ?? "",
    offer_type_id: values.offer_type_id ?? "",
    code: values.code?.trim().toUpperCase() || null,
    is_special: values.is_special === "on",
    active_from: instantOf(values, "active_from"),
    active_until: instantOf(values, "active_until"),
    conditions: {
      ...before,
      min_amount: amountOf(values, "min_amount", words.amountInvalid),
      new_user_only: values.new_user_only === "on",
      operators: codesOf(values, "operators"),
      circles: codesOf(values, "circles"),
      payment_methods: chosenOf(values, "payment_methods"),
      one_time_code: values.one_time_code === "on",
    },
    reward: {
      discount: readGain(values, "discount", words),
      cashback: readGain(values, "cashback", words),
    },
    limits: {
      total_uses: countOf(values, "total_uses", words.numberInvalid),
      uses_per_user: countOf(values, "uses_per_user", words.numberInvalid),
      budget: amountOf(values, "budget", words.amountInvalid),
    },
  };
}

function shown(offer: Offer): Omit<Terms, "status"> & Record<string, unknown> {
  const { name, description, offer_type_id, code, is_special, conditions, reward, limits } = offer;
  const moment = (at: string | null) => (at ? `${localOf(at)}:00+05:30` : null);
  return {
    name,
    description,
    offer_type_id,
    code,
    is_special,
    active_from: moment(offer.active_from),
    active_until: moment(offer.active_until),
    conditions,
    reward,
    limits,
  };
}

export function NewOfferDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { create } = useActs();
  return (
    <Dialog title={text.create} isOpen onClose={onClose} className="wide">
      <Form
        submitLabel={words.create}
        onCancel={onClose}
        act={async (values) => {
          const offer = await create({ ...read(values, words, {}), status: "draft" });
          onClose();
          toast(words.created);
          void navigate({ to: "/offers/$offerId", params: { offerId: offer.offer_id } });
        }}
      >
        <p className="muted">{text.draftLead}</p>
        <Fields />
      </Form>
    </Dialog>
  );
}

export function EditOfferDialog({ offer, onClose }: { offer: Offer; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { update } = useActs();
  return (
    <EditDialog
      title={text.edit}
      thing={offer}
      shown={shown}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        const wanted = read(values, words, started.conditions);
        await update(offer.offer_id, etag, onlyChanged(wanted, shown(started), shown(offer)));
        onClose();
        toast(words.saved);
      }}
    >
      <Fields offer={offer} />
    </EditDialog>
  );
}

const typed = (value: number | null | undefined) =>
  value === null || value === undefined ? "" : String(value);

function Fields({ offer }: { offer?: Offer }) {
  const text = useText();
  const words = useWords();
  const types = useTypes();
  const options = (types.data ?? []).map(({ offer_type_id, name }) => ({ id: offer_type_id, label: name }));
  const conditions = offer?.conditions;
  return (
    <>
      <TextField name="name" label={words.name} defaultValue={offer?.name ?? ""} isRequired maxLength={120} />
      <TextField
        name="description"
        label={words.description}
        defaultValue={offer?.description ?? ""}
        rows={2}
      />
      <div className="fields">
        {options.length > 0 && (
          <Select
            name="offer_type_id"
            label={words.kind}
            options={options}
            defaultValue={offer?.offer_type_id ?? options[0]?.id ?? ""}
          />
        )}
        <TextField name="code" label={text.code} hint={text.codeHint} defaultValue={offer?.code ?? ""} />
        <MomentField name="active_from" label={words.from} defaultValue={localOf(offer?.active_from)} />
        <MomentField name="active_until" label={words.until} defaultValue={localOf(offer?.active_until)} />
      </div>
      <GainFields name="discount" label={text.discount} gain={offer?.reward.discount as Gain | null} />
      <GainFields name="cashback" label={text.cashback} gain={offer?.reward.cashback as Gain | null} />
      <div className="fields">
        <AmountField name="min_amount" label={text.minAmount} defaultValue={typed(conditions?.min_amount)} />
        <TextField
          name="operators"
          label={words.operators}
          placeholder="JIO, VI"
          defaultValue={conditions?.operators?.join(", ") ?? ""}
        />
        <TextField name="circles" label={text.circles} defaultValue={conditions?.circles?.join(", ") ?? ""} />
        <TextField
          name="total_uses"
          label={text.totalUses}
          inputMode="numeric"
          defaultValue={typed(offer?.limits.total_uses)}
        />
        <TextField
          name="uses_per_user"
          label={text.usesPerUser}
          inputMode="numeric"
          defaultValue={typed(offer?.limits.uses_per_user)}
        />
        <AmountField name="budget" label={text.budget} defaultValue={typed(offer?.limits.budget)} />
      </div>
      <Checks
        name="payment_methods"
        label={text.methods}
        options={optionsOf(text.paymentMethods)}
        chosen={conditions?.payment_methods ?? []}
      />
      <Check name="new_user_only" label={text.newOnly} isOn={conditions?.new_user_only ?? false} />
      <Check name="one_time_code" label={text.oneTime} isOn={conditions?.one_time_code ?? false} />
      <Check name="is_special" label={text.special} isOn={offer?.is_special ?? false} />
    </>
  );
}

function GainFields({ name, label, gain }: { name: string; label: string; gain: Gain | null | undefined }) {
  const text = useText();
  const words = useWords();
  const [kind, setKind] = useState<string>(gain?.kind ?? "none");
  return (
    <div className="fields">
      <Select
        name={`${name}.kind`}
        label={label}
        options={optionsOf(text.gains)}
        value={kind}
        onChange={setKind}
      />
      {kind === "flat" && (
        <AmountField
          name={`${name}.amount`}
          label={words.amountInRupees}
          defaultValue={typed(gain?.amount)}
          isRequired
        />
      )}
      {kind === "percent" && (
        <>
          <TextField
            name={`${name}.percent`}
            label={text.percent}
            inputMode="decimal"
            defaultValue={typed(gain?.percent)}
            isRequired
          />
          <AmountField name={`${name}.cap`} label={text.cap} defaultValue={typed(gain?.cap)} isRequired />
        </>
      )}
    </div>
  );
}
