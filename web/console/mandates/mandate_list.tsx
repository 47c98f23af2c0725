/// All customers' mandates, the newest first. Only a customer, or their bank, ends one.
import { Link } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing, Reference, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Mandate, useMandates } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { useText } from "./text.ts";

const TONES: Record<Mandate["status"], Tone> = { pending: "warn", active: "good", ended: "neutral" };

export function MandateList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const list = useMandates(filters);
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={filters}
        texts={[{ name: "user_id", label: words.customerId }]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "end_reason", label: text.ended, options: optionsOf(text.reasons) },
          { name: "payment_method", label: text.method, options: optionsOf(text.methods) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.mandate_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} user={row.user} />),
          column("mandate", text.mandate, (row) => <Reference value={row.mandate_id} short />, "minor"),
          column("method", text.method, (row) => text.methods[row.payment_method]),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column(
            "ended",
            text.ended,
            (row) => (row.end_reason ? text.reasons[row.end_reason] : <Nothing />),
            "minor",
          ),
          column("most", text.most, (row) => <Money rupees={row.max_amount} />, "end"),
          column(
            "payment",
            text.payment,
            (row) => (
              <Link
                to="/payments/$userId/$paymentId"
                params={{ userId: row.user_id, paymentId: row.payment_id }}
              >
                {row.payment_id.slice(0, 8)}
              </Link>
            ),
            "minor",
          ),
          column("expires", text.expires, (row) => <Instant at={row.expires_at} day />, "end", "minor"),
        ]}
      />
    </Page>
  );
}
