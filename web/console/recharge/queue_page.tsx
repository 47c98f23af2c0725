/// What waits on a number: in which order it starts, and starting one before its turn.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatPhone } from "#shared/phone.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { Filters, phoneFilter } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Instant } from "#ui/values.tsx";
import { useMayEdit } from "./queries.ts";
import { type QueuedPlan, usePlansOf, useQueue, useQueueActs } from "./queue_queries.ts";
import { queueRoute } from "./routes.tsx";
import { type Startable, StartDialog } from "./start_dialog.tsx";
import { useText } from "./text.ts";

export function QueuePage() {
  const text = useText();
  const { phone_number: phone } = queueRoute.useSearch();
  const queue = useQueue(phone);
  return (
    <Page
      title={text.queue}
      lead={
        <>
          <span>{text.queueLead}</span>
          <Link to="/recharges/plans">{text.running}</Link>
        </>
      }
    >
      <Filters values={{ phone_number: phone }} texts={[phoneFilter(text.phone)]} />
      {phone === undefined ? (
        <Empty title={text.askNumber} />
      ) : (
        <Loaded query={queue}>
          {({ plans }) =>
            plans.length === 0 ? (
              <Empty title={text.noQueue} />
            ) : (
              <Queue key={phone} phone={phone} plans={plans} />
            )
          }
        </Loaded>
      )}
    </Page>
  );
}

/// The plans in the order that a person chose: one that is new stands at the end, one that is gone is left out.
export function inOrder<T extends { recharge_id: string }>(
  plans: readonly T[],
  chosen: readonly string[],
): T[] {
  const placeOf = ({ recharge_id }: T) => {
    const place = chosen.indexOf(recharge_id);
    return place < 0 ? chosen.length : place;
  };
  return [...plans].sort((one, other) => placeOf(one) - placeOf(other));
}

function Queue({ phone, plans }: { phone: string; plans: QueuedPlan[] }) {
  const text = useText();
  const mayEdit = useMayEdit();
  const { reorder } = useQueueActs();
  const waiting = usePlansOf(phone, "queued");
  const [chosen, setChosen] = useState<string[]>([]);
  const [isSaving, setIsSaving] = useState(false);
  const [starts, setStarts] = useState<Startable | null>(null);
  const shown = inOrder(plans, chosen);
  const ids = shown.map((each) => each.recharge_id);
  const isChanged = ids.some((id, at) => plans[at]?.recharge_id !== id);
  const swap = (at: number, to: number) => {
    const next = [...ids];
    [next[at], next[to]] = [next[to] as string, next[at] as string];
    setChosen(next);
  };
  return (
    <Card
      title={formatPhone(phone)}
      acts={
        mayEdit && (
          <Button kind="primary" isDisabled={!isChanged} onPress={() => setIsSaving(true)}>
            {text.saveOrder}
          </Button>
        )
      }
    >
      <ul className="work-list">
        {shown.map((plan, at) => {
          const owner = waiting.data?.find((each) => each.recharge_id === plan.recharge_id)?.user?.user_id;
          const place = { userId: owner ?? "", rechargeId: plan.recharge_id };
          return (
            <li key={plan.recharge_id}>
              <span className="row between line">
                <span className="row">
                  <span className="figures muted">{at + 1}</span>
                  {owner ? (
                    <Link to="/recharges/$userId/$rechargeId" params={place}>
                      {plan.plan_name}
                    </Link>
                  ) : (
                    plan.plan_name
                  )}
                  <span className="muted">{plan.operator}</span>
                </span>
                <span className="row">
                  {!isChanged && (
                    <span className="muted">
                      <Instant at={plan.starts_at} /> – <Instant at={plan.ends_at} />
                    </span>
                  )}
                  {mayEdit && shown.length > 1 && (
                    <>
                      <Button
                        className="small"
                        aria-label={text.earlier(plan.plan_name)}
                        isDisabled={at === 0}
                        onPress={() => swap(at, at - 1)}
                      >
                        ↑
                      </Button>
                      <Button
                        className="small"
                        aria-label={text.later(plan.plan_name)}
                        isDisabled={at === shown.length - 1}
                        onPress={() => swap(at, at + 1)}
                      >
                        ↓
                      </Button>
                    </>
                  )}
                  {mayEdit && owner && (
                    <Button
                      className="small"
                      onPress={() => setStarts({ place, phone, plan: plan.plan_name })}
                    >
                      {text.start}
                    </Button>
                  )}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
      {isSaving && (
        <Confirm
          title={text.saveOrder}
          label={text.saveOrder}
          lead={text.orderLead}
          done={text.orderSaved}
          reason="reason"
          onClose={() => setIsSaving(false)}
          act={async (reason) => {
            await reorder(phone, ids, reason);
            setChosen([]);
            return "done";
          }}
        >
          <ul>
            {shown.map((each, at) => (
              <li key={each.recharge_id}>
                {at + 1}. {each.plan_name}
              </li>
            ))}
          </ul>
        </Confirm>
      )}
      {starts && <StartDialog what={starts} onClose={() => setStarts(null)} />}
    </Card>
  );
}
