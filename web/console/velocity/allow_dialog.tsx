/// Allowing a customer, a number or an address more, until an instant.
import { useState } from "react";
import { parsePhone } from "#shared/phone.ts";
import { Select, TextField } from "#ui/controls.tsx";
import { countOf, instantOf, MomentField, ReasonField, wrongAt } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type AllowanceCreate, type HeldBack, type Scope, useActs } from "./queries.ts";
import { useText } from "./text.ts";

/// Which field says for whom it is.
const FIELDS = { user: "user_id", number: "phone_number", address: "address" } as const;

/// Whom a rule counts.
export function scopeOf(rule: HeldBack["rule"]): Scope {
  if (rule.includes("_of_number_")) return "number";
  return rule.includes("_of_address_") ? "address" : "user";
}

export function AllowDialog({ about, onClose }: { about?: HeldBack; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { allow } = useActs();
  const [scope, setScope] = useState<Scope>(about ? scopeOf(about.rule) : "user");
  const field = FIELDS[scope];
  const labels = { user: words.customerId, number: words.number, address: text.address };
  return (
    <ActDialog
      title={text.allow}
      submitLabel={text.allow}
      onClose={onClose}
      act={async (values) => {
        const typed = (values[field] ?? "").trim();
        const body: AllowanceCreate = {
          scope,
          [field]: scope === "number" ? (parsePhone(typed) ?? typed) : typed,
          factor: countOf(values, "factor", words.numberInvalid) ?? 0,
          ends_at: instantOf(values, "ends_at") ?? "",
          reason: values.reason ?? "",
        };
        if (typed === "") throw wrongAt(field, text.scopes[scope]);
        await allow(body);
        onClose();
        toast(text.allowed);
      }}
    >
      <p className="muted">{text.allowLead}</p>
      <Select
        name="scope"
        label={text.scope}
        value={scope}
        onChange={(chosen) => setScope(chosen as Scope)}
        options={optionsOf(text.scopes)}
      />
      <TextField
        key={field}
        name={field}
        label={labels[scope]}
        defaultValue={about?.[field] ?? ""}
        {...(scope === "address" ? { hint: text.addressHint } : {})}
        isRequired
        autoComplete="off"
      />
      <div className="fields">
        <TextField
          name="factor"
          label={text.factor}
          hint={text.factorHint}
          inputMode="numeric"
          defaultValue="2"
          isRequired
        />
        <MomentField name="ends_at" label={text.ends} isRequired />
      </div>
      <ReasonField maxLength={500} />
    </ActDialog>
  );
}
