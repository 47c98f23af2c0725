/// The plans that run now or wait for their turn, on all numbers.
import { Link } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, operatorFilter, optionsOf, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Nothing, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { useBoughtPlans } from "./queue_queries.ts";
import { plansRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function BoughtPlanList() {
  const text = useText();
  const words = useWords();
  const filters = plansRoute.useSearch();
  const list = useBoughtPlans(filters);
  const { status = "active" } = filters;
  return (
    <Page
      title={text.running}
      lead={
        <>
          <Link to="/recharges">{text.title}</Link>
          <Link to="/recharges/queue">{text.queue}</Link>
        </>
      }
    >
      <Filters
        values={filters}
        texts={[phoneFilter(text.phone), operatorFilter(text.operator)]}
        choices={[
          {
            name: "status",
            label: text.status,
            none: text.states.active,
            options: [{ id: "queued", label: text.states.queued }],
          },
          { name: "expires_within_days", label: text.endsWithin, options: optionsOf(text.days) },
        ]}
      />
      <DataTable
        label={text.running}
        list={list}
        rowKey={(row) => row.recharge_id}
        empty={<Empty title={text.noRunning} />}
        columns={(column) => [
          column("plan", text.plan, (row) =>
            row.user ? (
              <Link
                to="/recharges/$userId/$rechargeId"
                params={{ userId: row.user.user_id, rechargeId: row.recharge_id }}
              >
                {row.plan_name}
              </Link>
            ) : (
              row.plan_name
            ),
          ),
          column("phone", text.phone, (row) => (
            <Link to="/recharges/queue" search={{ phone_number: row.phone_number }}>
              <Phone number={row.phone_number} />
            </Link>
          )),
          column(
            "customer",
            words.customer,
            (row) => <UserLink userId={row.user?.user_id} user={row.user} />,
            "minor",
          ),
          column("operator", text.operator, (row) => row.operator, "minor"),
          column("status", text.status, () => (
            <Badge tone={status === "active" ? "good" : "info"}>{text.states[status]}</Badge>
          )),
          column("from", text.validFrom, (row) => <Instant at={row.valid_from} />, "end", "minor"),
          column("until", text.validUntil, (row) => <Instant at={row.valid_until} />, "end"),
          column("left", text.daysLeft, (row) => row.days_left ?? <Nothing />, "end", "minor"),
        ]}
      />
    </Page>
  );
}
