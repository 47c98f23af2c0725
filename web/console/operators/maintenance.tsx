/// When an operator works on its systems: setting the window, changing it, and ending it.
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { EditDialog } from "#ui/edit.tsx";
import { instantOf, localOf, MomentField } from "#ui/fields.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Operator, useMaintenance } from "./queries.ts";
import { useText } from "./text.ts";

const LONGEST = 200;
const shown = ({ maintenance }: Operator) => ({ ...maintenance });

export type Phase = "running" | "coming";

/// Whether the window runs or comes; null: there is none, or it has ended.
export function phaseOf({ maintenance }: Operator, now: number = Date.now()): Phase | null {
  if (!maintenance || Date.parse(maintenance.ends_at) <= now) return null;
  return Date.parse(maintenance.starts_at) <= now ? "running" : "coming";
}

export function MaintenanceBadge({ operator }: { operator: Operator }) {
  const text = useText();
  const phase = phaseOf(operator);
  return phase && <Badge tone={phase === "running" ? "bad" : "warn"}>{text.phases[phase]}</Badge>;
}

export function MaintenanceDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const change = useMaintenance();
  const [isEnding, setIsEnding] = useState(false);
  const name = operator.display_name;
  // What has ended is no start for the next one.
  const present = phaseOf(operator) ? operator.maintenance : null;
  if (isEnding) {
    return (
      <Confirm
        title={text.endTitle(name)}
        label={text.endMaintenance}
        lead={text.endLead}
        done={text.maintenanceEnded}
        onClose={onClose}
        act={async () => {
          await change(operator.code, operator.etag, null);
          return "done";
        }}
      />
    );
  }
  return (
    <EditDialog
      title={text.maintenanceTitle(name)}
      thing={operator}
      shown={shown}
      onClose={onClose}
      save={async (values, _, etag) => {
        await change(operator.code, etag, {
          starts_at: instantOf(values, "maintenance.starts_at") ?? "",
          ends_at: instantOf(values, "maintenance.ends_at") ?? "",
          text: values["maintenance.text"] ?? "",
          text_hi: values["maintenance.text_hi"] ?? "",
        });
        onClose();
        toast(words.saved);
      }}
    >
      <p className="muted">{text.maintenanceLead}</p>
      <MomentField
        name="maintenance.starts_at"
        label={text.startsAt}
        defaultValue={localOf(present?.starts_at)}
        isRequired
      />
      <MomentField
        name="maintenance.ends_at"
        label={text.endsAt}
        defaultValue={localOf(present?.ends_at)}
        isRequired
      />
      <TextField
        name="maintenance.text"
        label={text.textEnglish}
        defaultValue={present?.text ?? ""}
        isRequired
        maxLength={LONGEST}
      />
      <TextField
        name="maintenance.text_hi"
        label={text.textHindi}
        defaultValue={present?.text_hi ?? ""}
        isRequired
        maxLength={LONGEST}
      />
      {present && (
        <Button className="small start" onPress={() => setIsEnding(true)}>
          {text.endMaintenance}
        </Button>
      )}
    </EditDialog>
  );
}
