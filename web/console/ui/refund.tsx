/// Giving money back: the one dialog for a recharge and for a payment.
import { formatPaise } from "#shared/money.ts";
import type { Outcome } from "./api.ts";
import { type Option, Select } from "./controls.tsx";
import { AmountField, amountOf, ReasonField } from "./fields.tsx";
import { ActDialog } from "./form.tsx";
import { toast } from "./toasts.tsx";
import { useWords } from "./words.ts";

export interface Refund {
  /// Rupees; null: all that is left.
  amount: number | null;
  reason: string;
  /// The chosen one of `destinations`; empty without any.
  destination: string;
}

export interface RefundDialogProps {
  title: string;
  /// What happens to the money, with the most that can be given back.
  lead: (left: string) => string;
  /// Paise.
  left: number;
  /// What a person types before it can be done.
  typed: string;
  destinations?: Option[];
  maxReason?: number;
  refund: (refund: Refund, key: string) => Promise<Outcome>;
  onClose: () => void;
}

export function RefundDialog({
  title,
  lead,
  left,
  typed,
  destinations = [],
  maxReason = 300,
  refund,
  onClose,
}: RefundDialogProps) {
  const words = useWords();
  return (
    <ActDialog
      title={title}
      submitLabel={words.refund}
      isDangerous
      typed={typed}
      onClose={onClose}
      act={async (values, key) => {
        const amount = amountOf(values, "amount", words.amountInvalid);
        const outcome = await refund(
          { amount, reason: values.reason ?? "", destination: values.destination ?? "" },
          key,
        );
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : words.refunded);
      }}
    >
      <p className="muted">{lead(formatPaise(left))}</p>
      <AmountField name="amount" label={words.amountInRupees} hint={words.emptyIsAll} />
      {destinations.length > 0 && (
        <Select
          name="destination"
          label={words.destination}
          defaultValue={destinations[0]?.id ?? ""}
          options={destinations}
        />
      )}
      <ReasonField maxLength={maxReason} />
    </ActDialog>
  );
}
