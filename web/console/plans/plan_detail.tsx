/// One plan: what it is now, when it is on sale, and each version with what it changed.
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { formatPaise, paiseOf } from "#shared/money.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { changesBetween, Diff } from "#ui/diff.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { Badge, Instant, Money, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { EditPlanDialog, Price, validityOf } from "./plan_form.tsx";
import { type PlanWhole, useActs, useMayOf, usePlan, type Version } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function PlanDetail() {
  const text = useText();
  const { planId } = detailRoute.useParams();
  return (
    <LoadedPage query={usePlan(planId)} title={text.title}>
      {(plan) => <Whole plan={plan} />}
    </LoadedPage>
  );
}

function Whole({ plan }: { plan: PlanWhole }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const may = useMayOf();
  const { remove } = useActs();
  const [act, setAct] = useState<"edit" | "remove" | null>(null);
  const benefits: Record<string, unknown> = plan.benefits;
  const labels: Record<string, string> = text.benefits;
  const given = Object.entries(benefits).filter(
    ([, value]) => value !== null && value !== false && !(Array.isArray(value) && value.length === 0),
  );
  return (
    <Page
      title={plan.name}
      lead={
        <>
          <span>{plan.operator}</span>
          <Badge tone={TONES[plan.status]}>{text.statuses[plan.status]}</Badge>
          {plan.on_sale && <Badge tone="good">{text.onSale}</Badge>}
          {plan.scheduled && <Badge tone="warn">{text.scheduled}</Badge>}
        </>
      }
      acts={
        <>
          {may.edit && <Button onPress={() => setAct("edit")}>{words.edit}</Button>}
          {may.remove && <Button onPress={() => setAct("remove")}>{words.remove}</Button>}
        </>
      }
    >
      <div className="split">
        <div className="stack">
          <Card title={text.terms}>
            <Facts
              facts={[
                [text.price, <Price key="price" plan={plan} />],
                [text.validity, validityOf(plan.validity, text)],
                [text.category, text.categories[plan.category]],
                [text.type, text.types[plan.plan_type]],
                [text.group, plan.group],
                [text.circles, plan.circles.join(", ") || words.all],
                [text.from, <Instant key="from" at={plan.active_from} />],
                [text.until, <Instant key="until" at={plan.active_until} />],
                [text.popular, plan.most_popular ? words.yes : words.no],
                [text.planId, <Reference key="id" value={plan.plan_id} short />],
              ]}
            />
            {plan.amounts && <Amounts amounts={plan.amounts} />}
            {plan.description && <p>{plan.description}</p>}
            {plan.criteria && <p className="muted">{plan.criteria}</p>}
          </Card>
          <Versions versions={plan.versions} />
        </div>
        <Card title={text.includes}>
          <Facts
            facts={given.map(([name, value]): [string, string] => [
              labels[name] ?? name,
              value === true ? words.yes : Array.isArray(value) ? value.join(", ") : String(value),
            ])}
          />
        </Card>
      </div>
      {act === "edit" && <EditPlanDialog plan={plan} onClose={() => setAct(null)} />}
      {act === "remove" && (
        <Confirm
          title={text.removeTitle(plan.name)}
          label={words.remove}
          lead={text.removeLead}
          done={words.removed}
          isDangerous
          onClose={() => setAct(null)}
          act={async () => {
            await remove(plan.plan_id);
            void navigate({ to: "/plans" });
            return "done";
          }}
        />
      )}
    </Page>
  );
}

/// What customers can choose, and what the operator credits for it.
function Amounts({ amounts }: { amounts: NonNullable<PlanWhole["amounts"]> }) {
  const text = useText();
  return (
    <Facts
      facts={[
        [text.amounts.step, <Money key="step" rupees={amounts.step} />],
        ...amounts.samples.map(({ amount, talktime }): [string, ReactNode] => [
          text.amounts.talktimeOf(formatPaise(paiseOf(amount))),
          talktime === null ? text.amounts.unsaid : <Money key="talktime" rupees={talktime} />,
        ]),
      ]}
    />
  );
}

function Versions({ versions }: { versions: Version[] }) {
  const text = useText();
  const inOrder = [...versions].sort((one, other) => other.version - one.version);
  return (
    <Card title={text.versions}>
      <ul className="work-list">
        {inOrder.map((version, index) => {
          const before = inOrder[index + 1];
          return (
            <li key={version.version}>
              <details open={index === 0 && before !== undefined}>
                <summary className="row between line">
                  <span>{text.version(version.version)}</span>
                  <span className="muted">
                    <Instant at={version.since} />
                  </span>
                </summary>
                {before ? (
                  <Diff changes={changesBetween(before.terms, version.terms)} />
                ) : (
                  <p className="muted">{text.firstVersion}</p>
                )}
              </details>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
