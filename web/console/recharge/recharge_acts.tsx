/// What the staff do with a recharge: end it on other evidence, take it back. Both take a second factor.
import { formatPaise, paiseOf } from "#shared/money.ts";
import { Select, TextField } from "#ui/controls.tsx";
import { ActDialog } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { type Place, type Story, useActs } from "./queries.ts";
import { useText } from "./text.ts";

export function ResolveDialog({ place, onClose }: { place: Place; onClose: () => void }) {
  const text = useText();
  const { resolve } = useActs(place);
  return (
    <ActDialog
      title={text.resolveTitle}
      submitLabel={text.resolve}
      onClose={onClose}
      act={async (values) => {
        const outcome = await resolve(values);
        onClose();
        toast(outcome === "waits" ? text.secondAdmin : text.resolved);
      }}
    >
      <p className="muted">{text.resolveLead}</p>
      <Select
        name="outcome"
        label={text.outcomeLabel}
        defaultValue="delivered"
        options={[
          { id: "delivered", label: text.delivered },
          { id: "failed", label: text.failed },
        ]}
      />
      <TextField name="operator_reference" label={text.operatorReference} maxLength={80} autoComplete="off" />
      <TextField
        name="reason"
        label={text.reason}
        hint={text.reasonHint}
        isRequired
        minLength={3}
        maxLength={300}
      />
    </ActDialog>
  );
}

export function RefundDialog({
  place,
  terms,
  onClose,
}: {
  place: Place;
  terms: Story["terms"];
  onClose: () => void;
}) {
  const text = useText();
  const { refund } = useActs(place);
  const left = paiseOf(terms.wallet_amount) + paiseOf(terms.gateway_amount) - paiseOf(terms.refunded_amount);
  return (
    <ActDialog
      title={text.refundTitle}
      submitLabel={text.refund}
      isDangerous
      onClose={onClose}
      typed={terms.phone_number.slice(-4)}
      act={async (values, key) => {
        const outcome = await refund(values, key, text.amountInvalid);
        onClose();
        toast(outcome === "waits" ? text.refundWaits : text.refundDone);
      }}
    >
      <p className="muted">{text.refundLead(formatPaise(left))}</p>
      <TextField
        name="amount"
        label={text.refundAmount}
        hint={text.refundAmountHint}
        inputMode="decimal"
        autoComplete="off"
        className="figures"
      />
      <Select
        name="destination"
        label={text.destination}
        defaultValue="wallet"
        options={[
          { id: "wallet", label: text.toWallet },
          ...(terms.gateway_amount > 0 ? [{ id: "source", label: text.toSource }] : []),
        ]}
      />
      <TextField
        name="reason"
        label={text.reason}
        hint={text.reasonHint}
        isRequired
        minLength={3}
        maxLength={300}
      />
    </ActDialog>
  );
}
