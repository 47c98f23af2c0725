/// What the staff do with a recharge: end it on other evidence, take it back. Both take a second factor.
import { paiseOf } from "#shared/money.ts";
import { Select, TextField } from "#ui/controls.tsx";
import { ActDialog } from "#ui/form.tsx";
import { RefundDialog } from "#ui/refund.tsx";
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

export function RefundRecharge({
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
    <RefundDialog
      title={text.refundTitle}
      lead={text.refundLead}
      left={left}
      typed={terms.phone_number.slice(-4)}
      destinations={[
        { id: "wallet", label: text.toWallet },
        ...(terms.gateway_amount > 0 ? [{ id: "source", label: text.toSource }] : []),
      ]}
      refund={refund}
      onClose={onClose}
    />
  );
}
