/// Starting a queued plan before its turn: which of the plans that run ends for it, and why.
import { Confirm } from "#ui/confirm.tsx";
import { Select } from "#ui/controls.tsx";
import { Loaded } from "#ui/loaded.tsx";
import type { Place } from "./queries.ts";
import { usePlansOf, useQueueActs } from "./queue_queries.ts";
import { useText } from "./text.ts";

export interface Startable {
  place: Place;
  phone: string;
  plan: string;
}

const NOTHING = "none";

export function StartDialog({ what, onClose }: { what: Startable; onClose: () => void }) {
  const text = useText();
  const { start } = useQueueActs();
  const running = usePlansOf(what.phone, "active");
  // An add-on runs beside a plan, and ends for none.
  const base = running.data?.filter((each) => !each.is_addon) ?? [];
  return (
    <Confirm
      title={text.startTitle(what.plan)}
      label={text.start}
      lead={text.startLead}
      done={text.started}
      isDangerous
      reason="reason"
      onClose={onClose}
      act={async (reason, _key, values) => {
        const replaced = values.replaced_recharge_id ?? NOTHING;
        await start(what.place, replaced === NOTHING ? null : replaced, reason);
        return "done";
      }}
    >
      <Loaded query={running} lines={1}>
        {() => (
          <Select
            name="replaced_recharge_id"
            label={text.ends}
            defaultValue={base[0]?.recharge_id ?? NOTHING}
            options={[
              ...base.map((each) => ({ id: each.recharge_id, label: each.plan_name })),
              ...(base.length === 0 ? [{ id: NOTHING, label: text.endsNothing }] : []),
            ]}
          />
        )}
      </Loaded>
    </Confirm>
  );
}
