/// One recharge: its whole story, and how to end it or take it back.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatPhone } from "#shared/phone.ts";
import { Button } from "#ui/controls.tsx";
import { Card, Page, Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { type Story, useMayEdit, useStory } from "./queries.ts";
import { ReceiptDialog } from "./receipt_dialog.tsx";
import { RefundRecharge, ResolveDialog } from "./recharge_acts.tsx";
import { Attempts, Audit, Ledger, Notices, Payment, Refunds, Terms } from "./recharge_parts.tsx";
import { detailRoute } from "./routes.tsx";
import { StartDialog } from "./start_dialog.tsx";
import { DELIVERED, RECEIPTED, TONES, useText } from "./text.ts";

export function RechargeDetail() {
  const text = useText();
  const place = detailRoute.useParams();
  const story = useStory(place);
  const mayEdit = useMayEdit();
  const [act, setAct] = useState<"resolve" | "refund" | "start" | "receipt" | null>(null);
  if (story.isPending) return <Skeleton lines={12} />;
  if (!story.data) {
    return (
      <Page title={text.title}>
        <ProblemNote error={story.error} onRetry={() => void story.refetch()} />
      </Page>
    );
  }
  const { terms, status, waits_for: waits } = story.data;
  const isOpen = waits === "operator" || status === "unknown";
  const isRefundable =
    DELIVERED.has(status) && terms.refunded_amount < terms.wallet_amount + terms.gateway_amount;
  return (
    <Page
      title={terms.plan_name}
      lead={
        <>
          <Link to="/customers/$userId" params={{ userId: place.userId }}>
            {formatPhone(terms.phone_number)}
          </Link>
          <span>{terms.operator}</span>
          <Badge tone={TONES[status]}>{text.statuses[status]}</Badge>
        </>
      }
      acts={
        <>
          {RECEIPTED.has(status) && <Button onPress={() => setAct("receipt")}>{text.receipt}</Button>}
          {mayEdit && status === "queued" && <Button onPress={() => setAct("start")}>{text.start}</Button>}
          {mayEdit && isOpen && <Button onPress={() => setAct("resolve")}>{text.resolve}</Button>}
          {mayEdit && isRefundable && <Button onPress={() => setAct("refund")}>{text.refund}</Button>}
        </>
      }
    >
      <Missing story={story.data} />
      <div className="split">
        <div className="stack">
          <Timeline story={story.data} />
          <Attempts story={story.data} />
          <Ledger story={story.data} />
          <Notices story={story.data} />
          <Audit story={story.data} />
        </div>
        <div className="stack">
          <Terms story={story.data} />
          <Payment story={story.data} />
          <Refunds story={story.data} />
        </div>
      </div>
      {act === "receipt" && <ReceiptDialog place={place} onClose={() => setAct(null)} />}
      {act === "start" && (
        <StartDialog
          what={{ place, phone: terms.phone_number, plan: terms.plan_name }}
          onClose={() => setAct(null)}
        />
      )}
      {act === "resolve" && <ResolveDialog place={place} onClose={() => setAct(null)} />}
      {act === "refund" && <RefundRecharge place={place} terms={terms} onClose={() => setAct(null)} />}
    </Page>
  );
}

function Timeline({ story }: { story: Story }) {
  const text = useText();
  return (
    <Card title={text.story}>
      <ol className="timeline">
        {story.timeline.map((step) => (
          <li key={`${step.step}${step.at}`} className={step.step === "failed" ? "bad" : ""}>
            <span>{step.text}</span>
            <span className="muted">
              <Instant at={step.at} />
            </span>
          </li>
        ))}
        {story.waits_for && (
          <li className="waits">
            <span>{text.waits[story.waits_for]}</span>
          </li>
        )}
      </ol>
    </Card>
  );
}

/// Which parts are not shown, and why.
function Missing({ story }: { story: Story }) {
  const text = useText();
  const names = (parts: Story["withheld"]) => parts.map((part) => text.parts[part]).join(", ");
  return (
    <>
      {story.withheld.length > 0 && <p className="note">{text.withheld(names(story.withheld))}</p>}
      {story.unavailable.length > 0 && (
        <p className="note warn">{text.unavailable(names(story.unavailable))}</p>
      )}
    </>
  );
}
