/// One bill as it was when it was last fetched. Its payment is a recharge, which the staff refund there.
import { Link } from "@tanstack/react-router";
import { formatPhone } from "#shared/phone.ts";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { Badge, Instant, Money, Nothing, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Bill, useBill } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function BillDetail() {
  const text = useText();
  const { userId, billId } = detailRoute.useParams();
  return (
    <LoadedPage query={useBill(userId, billId)} title={text.title}>
      {(bill) => <Whole bill={bill} />}
    </LoadedPage>
  );
}

function Whole({ bill }: { bill: Bill }) {
  const text = useText();
  const words = useWords();
  return (
    <Page
      title={`${text.bill(bill.operator)}, ${formatPhone(bill.phone_number)}`}
      lead={
        <>
          <Link to="/bills">{text.title}</Link>
          <Badge tone={TONES[bill.status]}>{text.statuses[bill.status]}</Badge>
          {bill.is_overdue && <Badge tone="bad">{text.overdue}</Badge>}
        </>
      }
    >
      <Card>
        <Facts
          facts={[
            [text.left, <Money key="left" rupees={bill.amount} />],
            [text.minimum, <Money key="minimum" rupees={bill.minimum} />],
            [text.part, text.parts[bill.part_payment]],
            [text.due, <Instant key="due" at={bill.due_on} day />],
            [words.customer, <UserLink key="user" userId={bill.user_id} user={bill.user} />],
            [text.named, bill.customer_name],
            [text.circle, bill.circle ?? <Nothing key="circle" />],
            [
              text.period,
              <span key="period">
                <Instant at={bill.period_from} day /> – <Instant at={bill.period_to} day />
              </span>,
            ],
            [text.fetched, <Instant key="fetched" at={bill.fetched_at} />],
            [text.expires, <Instant key="expires" at={bill.expires_at} />],
            [
              text.payment,
              <RechargeLink key="payment" userId={bill.user_id} rechargeId={bill.recharge_id} />,
            ],
            [text.billId, <Reference key="id" value={bill.bill_id} short />],
          ]}
        />
      </Card>
    </Page>
  );
}
