/// An operator's terms: adding one, changing one.
import { Select, TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { Check, countOf } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Operator, useOperatorActs } from "./queries.ts";
import { useText } from "./text.ts";

const shown = ({ name, display_name, channel, is_active, sort_order }: Operator) => ({
  name,
  display_name,
  channel,
  is_active,
  sort_order,
});

function useTerms() {
  const words = useWords();
  return (values: Values) => ({
    name: values.name ?? "",
    display_name: values.display_name ?? "",
    channel: values.channel === "internal" ? ("internal" as const) : ("api" as const),
    is_active: values.is_active === "on",
    sort_order: countOf(values, "sort_order", words.numberInvalid) ?? 0,
  });
}

export function NewOperatorDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const read = useTerms();
  const { createOperator } = useOperatorActs();
  return (
    <ActDialog
      title={text.addOperator}
      submitLabel={text.addOperator}
      onClose={onClose}
      act={async (values) => {
        await createOperator({ ...read(values), code: (values.code ?? "").trim().toUpperCase() });
        onClose();
        toast(words.created);
      }}
    >
      <p className="muted">{text.operatorLead}</p>
      <TextField
        name="code"
        label={text.code}
        hint={text.codeHint}
        placeholder="JIO"
        isRequired
        maxLength={20}
        autoComplete="off"
      />
      <OperatorFields />
    </ActDialog>
  );
}

export function EditOperatorDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const words = useWords();
  const read = useTerms();
  const { updateOperator } = useOperatorActs();
  return (
    <EditDialog
      title={operator.display_name}
      thing={operator}
      shown={shown}
      onClose={onClose}
      save={async (values, started, etag) => {
        await updateOperator(operator.code, etag, onlyChanged(read(values), shown(started)));
        onClose();
        toast(words.saved);
      }}
    >
      <OperatorFields operator={operator} />
    </EditDialog>
  );
}

function OperatorFields({ operator }: { operator?: Operator }) {
  const text = useText();
  const words = useWords();
  return (
    <>
      <TextField
        name="name"
        label={text.fullName}
        defaultValue={operator?.name ?? ""}
        isRequired
        maxLength={60}
      />
      <TextField
        name="display_name"
        label={text.shownName}
        defaultValue={operator?.display_name ?? ""}
        isRequired
        maxLength={60}
      />
      <Select
        name="channel"
        label={text.channel}
        defaultValue={operator?.channel ?? "api"}
        options={optionsOf(text.channels)}
      />
      <TextField
        name="sort_order"
        label={words.position}
        inputMode="numeric"
        defaultValue={String(operator?.sort_order ?? 0)}
      />
      <Check name="is_active" label={text.servedHint} isOn={operator?.is_active ?? false} />
    </>
  );
}
