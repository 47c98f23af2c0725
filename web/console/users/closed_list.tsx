/// Customers whose accounts were closed: when, by whom, and why.
import { Link } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Instant, Nothing, Phone } from "#ui/values.tsx";
import { type ClosedUser, useClosedUsers } from "./queries.ts";
import { closedRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function ClosedList() {
  const text = useText();
  const filters = closedRoute.useSearch();
  const list = useClosedUsers(filters);
  const closer = (row: ClosedUser) => (row.archived_by === row.user_id ? text.themselves : text.ofAdmin);
  return (
    <Page title={text.closed} lead={<Link to="/customers">{text.title}</Link>}>
      <Filters
        values={filters}
        texts={[{ name: "search", label: text.nameFilter }, phoneFilter(text.phone)]}
        choices={[
          {
            name: "user_type",
            label: text.type,
            options: (["prepaid", "postpaid"] as const).map((id) => ({ id, label: text.types[id] })),
          },
        ]}
      />
      <DataTable
        label={text.closed}
        list={list}
        rowKey={(row) => row.user_id}
        empty={<Empty title={text.noClosed} />}
        columns={(column) => [
          column("name", text.name, (row) => (
            <Link to="/customers/$userId" params={{ userId: row.user_id }}>
              {row.name ?? row.user_id.slice(0, 8)}
            </Link>
          )),
          column("phone", text.phone, (row) => <Phone number={row.phone_number} />),
          column("email", text.email, (row) => row.email ?? <Nothing />, "minor"),
          column("by", text.closedBy, closer, "minor"),
          column("why", text.reason, (row) => row.reason ?? <Nothing />),
          column("erased", text.erased, (row) => <Instant at={row.erased_at} day />, "end", "minor"),
          column("at", text.closedAt, (row) => <Instant at={row.archived_at} />, "end"),
        ]}
      />
    </Page>
  );
}
