/// One recharge that comes by itself: its terms, and each attempt.
import { DataTable } from "#ui/data_table.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, formatDuration, Instant, Money, Phone, Reference, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Autopay, useAttempts, useAutopay } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { OUTCOME_TONES, TONES, useText } from "./text.ts";

export function AutopayDetail() {
  const text = useText();
  return (
    <LoadedPage query={useAutopay(detailRoute.useParams())} title={text.title}>
      {(autopay) => <Attempts autopay={autopay} />}
    </LoadedPage>
  );
}

function Attempts({ autopay }: { autopay: Autopay }) {
  const text = useText();
  const words = useWords();
  const place = detailRoute.useParams();
  const { cursor } = detailRoute.useSearch();
  const list = useAttempts(place, cursor);
  return (
    <Page
      title={autopay.plan_name}
      lead={
        <>
          <Phone number={autopay.phone_number} />
          <Badge tone={TONES[autopay.status]}>{text.statuses[autopay.status]}</Badge>
        </>
      }
    >
      <Card>
        <Facts
          facts={[
            [words.customer, <UserLink key="user" userId={autopay.user_id} user={autopay.user} />],
            [words.operator, autopay.operator],
            [words.amount, <Money key="price" rupees={autopay.price} />],
            [text.most, <Money key="most" rupees={autopay.max_amount} />],
            [text.method, text.methods[autopay.payment_method]],
            [text.mandate, <Reference key="mandate" value={autopay.mandate_id} short />],
            [text.due, <Instant key="due" at={autopay.next_due_at} />],
            [text.every, autopay.every && `${autopay.every.n} ${text.units[autopay.every.unit]}`],
            autopay.pause_reason !== null && [text.paused, wordsOf(autopay.pause_reason)],
            [text.tries, autopay.tries],
          ]}
        />
      </Card>
      <DataTable
        label={text.attempts}
        list={list}
        rowKey={(row) => row.attempt_id}
        empty={<Empty title={text.noAttempts} />}
        columns={(column) => [
          column("at", words.at, (row) => <Instant at={row.attempted_at} />),
          column("outcome", text.outcome, (row) => (
            <Badge tone={OUTCOME_TONES[row.outcome]}>{text.outcomes[row.outcome]}</Badge>
          )),
          column("why", words.reason, (row) => row.reason && wordsOf(row.reason), "minor"),
          column("late", text.late, (row) => formatDuration(row.late_seconds), "end", "minor"),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column(
            "recharge",
            text.recharge,
            (row) => <RechargeLink userId={place.userId} rechargeId={row.recharge_id} />,
            "end",
          ),
        ]}
      />
    </Page>
  );
}
