/// A channel's terms: adding one, changing one.
import { paiseOf } from "#shared/money.ts";
import { TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { AmountField, amountOf, Check, countOf } from "#ui/fields.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Channel, useChannelActs } from "./queries.ts";
import { useText } from "./text.ts";

const rupees = (amount: number) => (paiseOf(amount) / 100).toFixed(2);

/// What a person may change of a channel; the address that waits counts as its address.
const shown = (channel: Channel) => ({
  name: channel.name,
  url: channel.pending_url ?? channel.url ?? "",
  priority: channel.priority,
  weight: channel.weight,
  min_amount: channel.min_amount,
  max_amount: channel.max_amount,
  low_float: channel.low_float,
  is_active: channel.is_active,
  pause_reason: channel.pause_reason,
});

function useTerms() {
  const words = useWords();
  return (values: Values) => ({
    name: values.name ?? "",
    url: (values.url ?? "").trim(),
    priority: countOf(values, "priority", words.numberInvalid) ?? 0,
    weight: countOf(values, "weight", words.numberInvalid) ?? 1,
    min_amount: amountOf(values, "min_amount", words.amountInvalid) ?? 1,
    max_amount: amountOf(values, "max_amount", words.amountInvalid) ?? 1,
    is_active: values.is_active === "on",
  });
}

export function NewChannelDialog({ operator, onClose }: { operator: string; onClose: () => void }) {
  const text = useText();
  const read = useTerms();
  const { create } = useChannelActs();
  return (
    <ActDialog
      title={`${text.addChannel}: ${operator}`}
      submitLabel={text.addChannel}
      onClose={onClose}
      act={async (values) => {
        await create({ ...read(values), operator, code: (values.code ?? "").trim().toLowerCase() });
        onClose();
        toast(text.channelAdded);
      }}
    >
      <TextField
        name="code"
        label={text.code}
        hint={text.codeHint}
        placeholder="jio-direct"
        isRequired
        maxLength={40}
        autoComplete="off"
      />
      <TermFields />
    </ActDialog>
  );
}

export function EditChannelDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const read = useTerms();
  const { update } = useChannelActs();
  return (
    <EditDialog
      title={channel.name}
      thing={channel}
      shown={shown}
      onClose={onClose}
      save={async (values, started, etag) => {
        const terms = read(values);
        const typed = Number((values.low_float ?? "").trim() || "0");
        const wanted = {
          ...terms,
          low_float: typed === 0 ? 0 : (amountOf(values, "low_float", words.amountInvalid) ?? 0),
          pause_reason: terms.is_active ? null : (values.pause_reason ?? "").trim() || null,
        };
        const { pause_reason: why, ...changes } = onlyChanged(wanted, shown(started));
        // Why it is paused goes with the pause alone, and goes away by itself.
        await update(channel, etag, why ? { ...changes, is_active: false, pause_reason: why } : changes);
        onClose();
        toast(words.saved);
      }}
    >
      <TermFields channel={channel} />
      <AmountField
        name="low_float"
        label={text.lowFloat}
        hint={text.lowFloatHint}
        defaultValue={rupees(channel.low_float)}
      />
      <TextField
        name="pause_reason"
        label={text.pauseReason}
        hint={text.pauseReasonHint}
        defaultValue={channel.pause_reason ?? ""}
        maxLength={300}
      />
    </EditDialog>
  );
}

function TermFields({ channel }: { channel?: Channel }) {
  const text = useText();
  const words = useWords();
  return (
    <>
      <TextField
        name="name"
        label={words.name}
        defaultValue={channel?.name ?? ""}
        isRequired
        maxLength={80}
      />
      <TextField
        name="url"
        label={text.address}
        hint={text.addressHint}
        defaultValue={channel ? shown(channel).url : ""}
        placeholder="https://"
        isRequired
        maxLength={300}
        autoComplete="off"
      />
      <div className="fields">
        <TextField
          name="priority"
          label={text.priority}
          inputMode="numeric"
          defaultValue={String(channel?.priority ?? 10)}
        />
        <TextField
          name="weight"
          label={text.weight}
          inputMode="numeric"
          defaultValue={String(channel?.weight ?? 100)}
        />
        <AmountField
          name="min_amount"
          label={text.minAmount}
          defaultValue={rupees(channel?.min_amount ?? 1)}
        />
        <AmountField
          name="max_amount"
          label={text.maxAmount}
          defaultValue={rupees(channel?.max_amount ?? 100_000)}
        />
      </div>
      <Check name="is_active" label={text.inUse} isOn={channel?.is_active ?? true} />
    </>
  );
}
