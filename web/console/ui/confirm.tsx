/// An act that takes a word of why, or none: the dialog that most rooms need.
import type { ReactNode } from "react";
import type { Outcome } from "./api.ts";
import { ReasonField } from "./fields.tsx";
import { ActDialog, type Values } from "./form.tsx";
import { toast } from "./toasts.tsx";
import { useWords } from "./words.ts";

export interface ConfirmProps {
  title: string;
  /// What the button does.
  label: string;
  lead?: ReactNode;
  /// What is said when it was done.
  done: string;
  isDangerous?: boolean;
  typed?: string;
  /// The name of the API's field for the reason; null: it takes none.
  reason?: string | null;
  reasonLabel?: string;
  maxReason?: number;
  act: (reason: string, key: string, values: Values) => Promise<Outcome | undefined>;
  onClose: () => void;
  children?: ReactNode;
}

export function Confirm({
  title,
  label,
  lead,
  done,
  isDangerous = false,
  typed,
  reason = null,
  reasonLabel,
  maxReason,
  act,
  onClose,
  children,
}: ConfirmProps) {
  const words = useWords();
  return (
    <ActDialog
      title={title}
      submitLabel={label}
      isDangerous={isDangerous}
      onClose={onClose}
      {...(typed === undefined ? {} : { typed })}
      act={async (values, key) => {
        const outcome = await act(reason === null ? "" : (values[reason] ?? ""), key, values);
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : done);
      }}
    >
      {lead && <p className="muted">{lead}</p>}
      {children}
      {reason !== null && (
        <ReasonField
          name={reason}
          {...(reasonLabel ? { label: reasonLabel } : {})}
          {...(maxReason ? { maxLength: maxReason } : {})}
        />
      )}
    </ActDialog>
  );
}
