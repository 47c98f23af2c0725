/// The parts of a recharge's story.
import type { ReactNode } from "react";
import { Card, Facts } from "#ui/layout.tsx";
import { Badge, Instant, Money, Nothing, Reference } from "#ui/values.tsx";
import type { Story } from "./queries.ts";
import { useText } from "./text.ts";

interface PartProps {
  story: Story;
}

export function Terms({ story: { terms, recharge_id } }: PartProps) {
  const text = useText();
  return (
    <Card title={text.terms}>
      <Facts
        facts={[
          [text.price, <Money key="price" rupees={terms.price} />],
          terms.talktime !== null && [text.talktime, <Money key="talktime" rupees={terms.talktime} />],
          terms.discount > 0 && [text.discount, <Money key="discount" rupees={terms.discount} />],
          terms.cashback > 0 && [text.cashback, <Money key="cashback" rupees={terms.cashback} />],
          terms.wallet_amount > 0 && [text.fromWallet, <Money key="wallet" rupees={terms.wallet_amount} />],
          terms.gateway_amount > 0 && [
            text.fromGateway,
            <Money key="gateway" rupees={terms.gateway_amount} />,
          ],
          terms.refunded_amount > 0 && [
            text.refunded,
            <Money key="refunded" rupees={terms.refunded_amount} />,
          ],
          [text.circle, terms.circle ?? <Nothing key="circle" />],
          [text.channel, terms.channel ?? <Nothing key="channel" />],
          [text.source, terms.source],
          [text.operatorReference, <Reference key="operator" value={terms.operator_reference} />],
          terms.reference !== null && [text.reference, <Reference key="reference" value={terms.reference} />],
          [text.rechargeId, <Reference key="id" value={recharge_id} short />],
          terms.failure_reason !== null && [text.failure, terms.failure_reason],
        ]}
      />
    </Card>
  );
}

export function Payment({ story: { payment } }: PartProps) {
  const text = useText();
  if (!payment) return null;
  return (
    <Card title={text.payment} acts={<Badge>{payment.status}</Badge>}>
      <Facts
        facts={[
          [text.amount, <Money key="amount" rupees={payment.amount} />],
          [text.method, payment.payment_method],
          [text.order, <Reference key="order" value={payment.order_id} />],
          [text.captured, <Instant key="captured" at={payment.captured_at} />],
          payment.failure_reason !== null && [text.failure, payment.failure_reason],
        ]}
      />
    </Card>
  );
}

/// A few rows that belong to one recharge, so without pages.
function Rows({
  title,
  head,
  rows,
}: {
  title: string;
  head: string[];
  rows: { id: string; cells: ReactNode[] }[];
}) {
  const text = useText();
  return (
    <Card title={title}>
      {rows.length === 0 ? (
        <p className="muted">{text.none}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <section className="table-scroll" tabIndex={0} aria-label={title}>
          <table className="data">
            <thead>
              <tr>
                {head.map((each) => (
                  <th key={each} scope="col">
                    {each}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  {row.cells.map((cell, at) => (
                    <td key={head[at]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Card>
  );
}

export function Attempts({ story }: PartProps) {
  const text = useText();
  return (
    <Rows
      title={text.attempts}
      head={[text.attempt, text.channel, text.outcome, text.operatorReference, text.at]}
      rows={story.attempts.map((each) => ({
        id: String(each.attempt),
        cells: [
          each.attempt,
          each.channel,
          <Badge key="outcome" tone={each.outcome === null ? "warn" : "neutral"}>
            {each.outcome ?? text.notKnown}
          </Badge>,
          each.operator_reference ?? each.reason ?? <Nothing key="none" />,
          <Instant key="at" at={each.started_at} />,
        ],
      }))}
    />
  );
}

export function Ledger({ story }: PartProps) {
  const text = useText();
  if (story.withheld.includes("ledger")) return null;
  return (
    <Rows
      title={text.ledger}
      head={[text.code, text.debit, text.credit, text.amount, text.at]}
      rows={story.ledger.map((each) => ({
        id: each.transfer_id,
        cells: [
          each.code,
          each.debit_account,
          each.credit_account,
          <Money key="amount" rupees={each.amount} />,
          <Instant key="at" at={each.created_at} />,
        ],
      }))}
    />
  );
}

export function Refunds({ story }: PartProps) {
  const text = useText();
  if (story.refunds.length === 0) return null;
  return (
    <Card title={text.refunds}>
      <ul className="work-list">
        {story.refunds.map((refund) => (
          <li key={refund.refund_id}>
            <span className="row between line">
              <span>
                <Money rupees={refund.amount} /> <span className="muted">{refund.reason}</span>
              </span>
              <span className="muted">
                <Instant at={refund.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Notices({ story }: PartProps) {
  const text = useText();
  if (story.notices.length === 0) return null;
  return (
    <Card title={text.notices}>
      <ul className="work-list">
        {story.notices.map((notice) => (
          <li key={notice.notification_id}>
            <span className="row between line">
              <span>
                {notice.kind.replaceAll("_", " ")}{" "}
                {notice.viewed_at !== null && <span className="muted">{text.viewed}</span>}
              </span>
              <span className="muted">
                <Instant at={notice.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Audit({ story }: PartProps) {
  const text = useText();
  if (story.withheld.includes("audit") || story.audit.length === 0) return null;
  return (
    <Card title={text.audit}>
      <ul className="work-list">
        {story.audit.map((entry) => (
          <li key={entry.entry_id}>
            <span className="row between line">
              <span>
                {entry.action.replaceAll("_", " ")}{" "}
                <span className="muted">{entry.reason ?? entry.actor_kind}</span>
              </span>
              <span className="muted">
                <Instant at={entry.occurred_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
