/// One payment: where its money is, what the gateway told us, and its refunds.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { paiseOf } from "#shared/money.ts";
import { Button } from "#ui/controls.tsx";
import { Card, Facts, Page, Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { RefundDialog } from "#ui/refund.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, Instant, Money, Reference } from "#ui/values.tsx";
import { usePayment, useRefund } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function PaymentDetail() {
  const text = useText();
  const place = detailRoute.useParams();
  const query = usePayment(place);
  const may = useMay();
  const refund = useRefund(place);
  const [isRefunding, setIsRefunding] = useState(false);
  if (query.isPending) return <Skeleton lines={10} />;
  if (!query.data) {
    return (
      <Page title={text.title}>
        <ProblemNote error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  const payment = query.data;
  const methods: Record<string, string> = text.methods;
  return (
    <Page
      title={<Money rupees={payment.amount} />}
      lead={
        <>
          <Link to="/customers/$userId" params={{ userId: place.userId }}>
            {payment.user?.name ?? text.customer}
          </Link>
          <Badge tone={TONES[payment.status]}>{text.statuses[payment.status]}</Badge>
        </>
      }
      acts={
        may("Payments:edit") &&
        payment.refundable > 0 && <Button onPress={() => setIsRefunding(true)}>{text.refund}</Button>
      }
    >
      <Card title={text.payment}>
        <Facts
          facts={[
            [text.purpose, payment.purpose.replaceAll("_", " ")],
            [text.method, methods[payment.payment_method] ?? payment.payment_method],
            [text.at, <Instant key="at" at={payment.created_at} />],
            [text.captured, <Instant key="captured" at={payment.captured_at} />],
            [text.refundable, <Money key="refundable" rupees={payment.refundable} />],
            payment.refunded_amount > 0 && [
              text.refunded,
              <Money key="refunded" rupees={payment.refunded_amount} />,
            ],
            [text.gateway, payment.gateway],
            [text.order, <Reference key="order" value={payment.order_id} />],
            [text.gatewayPayment, <Reference key="gateway" value={payment.gateway_payment_id} />],
            [text.source, payment.source],
            payment.recharge_id !== null && [
              text.recharge,
              <Link
                key="recharge"
                to="/recharges/$userId/$rechargeId"
                params={{ userId: place.userId, rechargeId: payment.recharge_id }}
              >
                {payment.recharge_id.slice(0, 8)}
              </Link>,
            ],
            payment.failure_reason !== null && [text.failure, payment.failure_reason],
          ]}
        />
      </Card>
      <div className="cards">
        <Card title={text.refunds}>
          {payment.refunds.length === 0 && <p className="muted">{text.noRefunds}</p>}
          <ul className="work-list">
            {payment.refunds.map((refund) => (
              <li key={refund.refund_id}>
                <span className="row between line">
                  <span>
                    <Money rupees={refund.amount} /> <span className="muted">{refund.reason}</span>
                  </span>
                  <Badge>{refund.status}</Badge>
                </span>
              </li>
            ))}
          </ul>
        </Card>
        <Card title={text.events}>
          {payment.events.length === 0 && <p className="muted">{text.noEvents}</p>}
          <ul className="work-list">
            {payment.events.map((event) => (
              <li key={event.gateway_event_id}>
                <span className="row between line">
                  <span>
                    {event.kind} <span className="muted">{event.outcome ?? text.unsettled}</span>
                  </span>
                  <span className="muted">
                    <Instant at={event.received_at} />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </Card>
      </div>
      {isRefunding && (
        <RefundDialog
          title={text.refundTitle}
          lead={text.refundLead}
          left={paiseOf(payment.refundable)}
          typed={place.paymentId.slice(-4)}
          maxReason={500}
          refund={refund}
          onClose={() => setIsRefunding(false)}
        />
      )}
    </Page>
  );
}
