/// Asking for an adjustment: the customer is found by number, and shown with the balance, before anything is asked for.
import { useState } from "react";
import { parsePhone } from "#shared/phone.ts";
import { Select, TextField } from "#ui/controls.tsx";
import { AmountField, amountOf, wrongAt } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { useText } from "./adjustment_list.tsx";
import { type Direction, type Reason, useActs, useBalance, useFound } from "./queries.ts";

export function RequestDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const [phone, setPhone] = useState("");
  const number = parsePhone(phone);
  const found = useFound(number);
  const balance = useBalance(found.data?.user_id);
  const { request } = useActs();
  return (
    <ActDialog
      title={text.ask}
      submitLabel={text.ask}
      isDisabled={!found.data}
      onClose={onClose}
      act={async (values, key) => {
        const amount = amountOf(values, "amount", words.amountInvalid);
        if (amount === null) throw wrongAt("amount", words.amountInvalid);
        await request(
          {
            user_id: found.data?.user_id ?? "",
            direction: (values.direction ?? "credit") as Direction,
            amount,
            reason: (values.reason ?? "other") as Reason,
            note: values.note ?? "",
            reference: values.reference?.trim() || null,
          },
          key,
        );
        onClose();
        toast(words.secondAdmin);
      }}
    >
      <TextField
        label={text.number}
        value={phone}
        onChange={setPhone}
        inputMode="tel"
        autoComplete="off"
        placeholder="98765 43210"
        isRequired
        autoFocus
      />
      <p className="muted" role="status">
        {number !== null && found.data === null && text.nobody}
        {found.data && (
          <>
            {found.data.name ?? words.customer}, {text.balance}{" "}
            {balance.data ? <Money rupees={balance.data.balance} /> : <Nothing />}
          </>
        )}
      </p>
      <div className="fields">
        <Select
          name="direction"
          label={text.direction}
          defaultValue="credit"
          options={optionsOf(text.directions)}
        />
        <AmountField name="amount" label={words.amountInRupees} isRequired />
      </div>
      <Select
        name="reason"
        label={words.reason}
        defaultValue="failed_recharge"
        options={optionsOf(text.reasons)}
      />
      <TextField
        name="note"
        label={text.note}
        hint={text.noteHint}
        isRequired
        minLength={3}
        maxLength={500}
      />
      <TextField name="reference" label={text.reference} hint={text.referenceHint} maxLength={100} />
    </ActDialog>
  );
}
