/// Wallets that are topped up by a mandate. Only the customer changes one.
import { Link } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Topup, useTopups } from "./queries.ts";
import { topupsRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function TopupList() {
  const text = useText();
  const words = useWords();
  const filters = topupsRoute.useSearch();
  const list = useTopups(filters);
  return (
    <Page
      title={text.topups}
      lead={
        <>
          <span>{text.topupsLead}</span>
          <Link to="/autopay">{text.title}</Link>
        </>
      }
    >
      <Filters
        values={filters}
        texts={[{ name: "user_id", label: words.customerId }]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.topupStatuses) },
          { name: "pause_reason", label: text.pausedBy, options: optionsOf(text.pauseReasons) },
          {
            name: "is_announced",
            label: text.announced,
            options: [
              { id: "true", label: words.yes },
              { id: "false", label: words.no },
            ],
          },
        ]}
      />
      <DataTable
        label={text.topups}
        list={list}
        rowKey={(row) => row.user_id}
        empty={<Empty title={text.noTopups} />}
        columns={(column) => [
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} user={row.user} />),
          column("status", words.status, (row) => (
            <Badge tone={row.status === "active" ? "good" : "warn"}>{text.topupStatuses[row.status]}</Badge>
          )),
          column("why", text.pausedBy, (row) => <Why topup={row} />, "minor"),
          column("below", text.below, (row) => <Money rupees={row.threshold} />, "end", "minor"),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column("monthly", text.monthly, (row) => <Money rupees={row.monthly_max} />, "end", "minor"),
          column("tries", text.failedTries, (row) => row.tries, "end", "minor"),
          column("charge", text.charge, (row) => <Instant at={row.charge_at} />, "end"),
        ]}
      />
    </Page>
  );
}

function Why({ topup }: { topup: Topup }) {
  const text = useText();
  if (topup.pause_reason) return text.pauseReasons[topup.pause_reason];
  return topup.held_back ? text.heldBack[topup.held_back] : <Nothing />;
}
