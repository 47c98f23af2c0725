/// The form of a plan, for a new one and for one that is there.
import { useNavigate } from "@tanstack/react-router";
import { paiseOf } from "#shared/money.ts";
import { Select, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import {
  AmountField,
  amountOf,
  Check,
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
import { Money } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Plan, type PlanWhole, type Terms, useActs, useGroups } from "./queries.ts";
import { useText } from "./text.ts";

type Words = ReturnType<typeof useWords>;

/// `28 days`
export function validityOf(
  { n, unit }: { n?: number | null; unit: string },
  { units, oneOf }: { units: Record<string, string>; oneOf: Record<string, string> },
): string {
  const word = (n === 1 ? oneOf : units)[unit] ?? unit;
  return n ? `${n} ${word}` : word;
}

/// What it costs: `₹299.00`, or `₹10.00 – ₹2,000.00` of any amount.
export function Price({ plan }: { plan: Pick<Plan, "price" | "amounts"> }) {
  return (
    <>
      <Money rupees={plan.price} />
      {plan.amounts && (
        <>
          {" – "}
          <Money rupees={plan.amounts.maximum} />
        </>
      )}
    </>
  );
}

/// The amounts of a plan of any amount; null if the highest one is left empty, which is a plan with one price.
function readAmounts(values: Values, words: Words): Terms["amounts"] {
  const amount = (name: string) => amountOf(values, name, words.amountInvalid);
  const maximum = amount("maximum");
  if (maximum === null) return null;
  const samples = (values.samples ?? "").split(/[\s,;]+/).filter((each) => each !== "");
  const fee = amount("fee_percent");
  return {
    maximum,
    step: amount("step") ?? 1,
    samples: samples.map((each) => amountOf({ samples: each }, "samples", words.amountInvalid) ?? 0),
    talktime:
      fee === null
        ? null
        : {
            gst_percent: countOf(values, "gst_percent", words.numberInvalid) ?? 18,
            fee_percent: fee,
            fee_cap: amount("fee_cap") ?? 0,
          },
  };
}

/// What was typed, as the API takes it. Throws a Problem at the field that is wrong.
function read(values: Values, words: Words): Terms {
  const price = amountOf(values, "price", words.amountInvalid);
  if (price === null) throw wrongAt("price", words.amountInvalid);
  const count = (name: string) => countOf(values, name, words.numberInvalid);
  return {
    name: values.name ?? "",
    description: values.description ?? "",
    operator: (values.operator ?? "").toUpperCase(),
    circles: codesOf(values, "circles"),
    plan_type: (values.plan_type ?? "prepaid") as Terms["plan_type"],
    category: (values.category ?? "unlimited") as Terms["category"],
    price,
    amounts: readAmounts(values, words),
    validity: {
      n: values.unit === "base_plan" ? null : count("n"),
      unit: (values.unit ?? "day") as Terms["validity"]["unit"],
    },
    benefits: {
      data_total_mb: count("data_total_mb"),
      data_per_day_mb: count("data_per_day_mb"),
      voice_unlimited: values.voice_unlimited === "on",
      voice_minutes: count("voice_minutes"),
      sms_total: count("sms_total"),
      sms_per_day: count("sms_per_day"),
      talktime: amountOf(values, "talktime", words.amountInvalid),
      extras: (values.extras ?? "").split("\n").filter((line) => line.trim() !== ""),
    },
    most_popular: values.most_popular === "on",
    group_id: values.group_id ?? "",
    criteria: values.criteria ?? "",
    status: (values.status ?? "draft") as NonNullable<Terms["status"]>,
    active_from: instantOf(values, "active_from"),
    active_until: instantOf(values, "active_until"),
  };
}

function amountsShown({ amounts }: PlanWhole): Terms["amounts"] {
  if (!amounts) return null;
  const { maximum, step, samples, talktime } = amounts;
  return { maximum, step, samples: samples.map(({ amount }) => amount), talktime };
}

/// What a person may change, in the shape of `read`.
export function shown(plan: PlanWhole): Terms & Record<string, unknown> {
  const { name, description, operator, circles, plan_type, category, price, most_popular, criteria } = plan;
  const moment = (at: string | null) => (at ? `${localOf(at)}:00+05:30` : null);
  return {
    name,
    description,
    operator,
    circles,
    plan_type,
    category,
    price,
    amounts: amountsShown(plan),
    validity: { n: plan.validity.n, unit: plan.validity.unit },
    benefits: plan.benefits,
    most_popular,
    group_id: plan.group_id,
    criteria,
    status: plan.status,
    active_from: moment(plan.active_from),
    active_until: moment(plan.active_until),
  };
}

export function NewPlanDialog({ onClose }: { onClose: () => void }) {
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
          const plan = await create(read(values, words));
          onClose();
          toast(words.created);
          void navigate({ to: "/plans/$planId", params: { planId: plan.plan_id } });
        }}
      >
        <Fields />
      </Form>
    </Dialog>
  );
}

export function EditPlanDialog({ plan, onClose }: { plan: PlanWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { update } = useActs();
  return (
    <EditDialog
      title={text.edit}
      thing={plan}
      shown={shown}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        await update(plan.plan_id, etag, onlyChanged(read(values, words), shown(started), shown(plan)));
        onClose();
        toast(words.saved);
      }}
    >
      <Fields plan={plan} />
    </EditDialog>
  );
}

const number = (value: number | null | undefined) =>
  value === null || value === undefined ? "" : String(value);
const rupees = (value: number | null | undefined) =>
  value === null || value === undefined ? "" : (paiseOf(value) / 100).toFixed(2);

function Fields({ plan }: { plan?: PlanWhole }) {
  const text = useText();
  const words = useWords();
  const groups = useGroups();
  const options = (groups.data ?? []).map(({ group_id, name }) => ({ id: group_id, label: name }));
  return (
    <>
      <TextField name="name" label={words.name} defaultValue={plan?.name ?? ""} isRequired maxLength={120} />
      <TextField
        name="description"
        label={words.description}
        defaultValue={plan?.description ?? ""}
        rows={2}
      />
      <div className="fields">
        <TextField name="operator" label={words.operator} defaultValue={plan?.operator ?? ""} isRequired />
        <TextField
          name="circles"
          label={text.circles}
          hint={text.circlesHint}
          defaultValue={plan?.circles.join(", ") ?? ""}
        />
        <Select
          name="plan_type"
          label={text.type}
          options={optionsOf(text.types)}
          defaultValue={plan?.plan_type ?? "prepaid"}
        />
        <Select
          name="category"
          label={text.category}
          options={optionsOf(text.categories)}
          defaultValue={plan?.category ?? "unlimited"}
        />
        {options.length > 0 && (
          <Select
            name="group_id"
            label={text.group}
            options={options}
            defaultValue={plan?.group_id ?? options[0]?.id ?? ""}
          />
        )}
        <AmountField name="price" label={text.priceInRupees} defaultValue={rupees(plan?.price)} isRequired />
        <TextField
          name="n"
          label={text.validity}
          inputMode="numeric"
          defaultValue={number(plan?.validity.n)}
        />
        <Select
          name="unit"
          label={text.unit}
          options={optionsOf(text.units)}
          defaultValue={plan?.validity.unit ?? "day"}
        />
      </div>
      <Amounts plan={plan} />
      <Benefits plan={plan} />
      <TextField name="criteria" label={text.criteria} defaultValue={plan?.criteria ?? ""} rows={2} />
      <div className="fields">
        <Select
          name="status"
          label={words.status}
          options={optionsOf(text.statuses)}
          defaultValue={plan?.status ?? "draft"}
        />
        <MomentField name="active_from" label={text.from} defaultValue={localOf(plan?.active_from)} />
        <MomentField name="active_until" label={text.until} defaultValue={localOf(plan?.active_until)} />
      </div>
      <Check name="most_popular" label={text.popular} isOn={plan?.most_popular ?? false} />
    </>
  );
}

function Amounts({ plan }: { plan: PlanWhole | undefined }) {
  const text = useText();
  const amounts = plan?.amounts;
  const rule = amounts?.talktime;
  return (
    <div className="fields">
      <AmountField
        name="maximum"
        label={text.amounts.maximum}
        hint={text.amounts.hint}
        defaultValue={rupees(amounts?.maximum)}
      />
      <AmountField name="step" label={text.amounts.step} defaultValue={rupees(amounts?.step)} />
      <TextField
        name="samples"
        label={text.amounts.samples}
        defaultValue={(amounts?.samples ?? []).map(({ amount }) => rupees(amount)).join(" ")}
      />
      <AmountField
        name="fee_percent"
        label={text.amounts.fee}
        hint={text.amounts.feeHint}
        defaultValue={number(rule?.fee_percent)}
      />
      <AmountField name="fee_cap" label={text.amounts.feeCap} defaultValue={rupees(rule?.fee_cap)} />
      <TextField
        name="gst_percent"
        label={text.amounts.gst}
        inputMode="numeric"
        defaultValue={number(rule?.gst_percent)}
      />
    </div>
  );
}

function Benefits({ plan }: { plan: PlanWhole | undefined }) {
  const text = useText();
  const has = plan?.benefits;
  const counts = ["data_total_mb", "data_per_day_mb", "voice_minutes", "sms_total", "sms_per_day"] as const;
  return (
    <>
      <div className="fields">
        {counts.map((name) => (
          <TextField
            key={name}
            name={name}
            label={text.benefits[name]}
            inputMode="numeric"
            defaultValue={number(has?.[name])}
          />
        ))}
        <AmountField name="talktime" label={text.benefits.talktime} defaultValue={rupees(has?.talktime)} />
      </div>
      <Check
        name="voice_unlimited"
        label={text.benefits.voice_unlimited}
        isOn={has?.voice_unlimited ?? false}
      />
      <TextField
        name="extras"
        label={text.benefits.extras}
        hint={text.extrasHint}
        defaultValue={(has?.extras ?? []).join("\n")}
        rows={2}
      />
    </>
  );
}
