/// The bills that customers fetched, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { formatPhone } from "#shared/phone.ts";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, operatorFilter, optionsOf, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Bill, useBills } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function BillList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useBills(filters);
  const place = (row: Bill) => ({ userId: row.user_id, billId: row.bill_id });
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={filters}
        texts={[phoneFilter(words.number), operatorFilter(words.operator)]}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.statuses) }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.bill_id}
        onOpen={(row) => void navigate({ to: "/bills/$userId/$billId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("number", words.number, (row) => (
            <Link to="/bills/$userId/$billId" params={place(row)}>
              {formatPhone(row.phone_number)}
            </Link>
          )),
          column("operator", words.operator, (row) => row.operator),
          column(
            "customer",
            words.customer,
            (row) => <UserLink userId={row.user_id} user={row.user} />,
            "minor",
          ),
          column("status", words.status, (row) => (
            <span className="row">
              <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
              {row.is_overdue && <Badge tone="bad">{text.overdue}</Badge>}
            </span>
          )),
          column("left", text.left, (row) => <Money rupees={row.amount} />, "end"),
          column("due", text.due, (row) => <Instant at={row.due_on} day />, "end"),
          column("fetched", text.fetched, (row) => <Instant at={row.fetched_at} />, "end", "minor"),
        ]}
      />
    </Page>
  );
}
