/// Recharges that come by themselves, and what falls due on the next days.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, operatorFilter, optionsOf, phoneFilter } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Instant, Money, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { ProcessDueDialog } from "./process_due.tsx";
import { type Autopay, useAutopays, useCalendar } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function AutopayList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useAutopays(filters);
  const may = useMay();
  const [isDue, setIsDue] = useState(false);
  const place = (row: Autopay) => ({ userId: row.user_id, autopayId: row.autopay_id });
  return (
    <Page
      title={text.title}
      lead={may("Autopay:read") && <Link to="/autopay/topups">{text.topups}</Link>}
      acts={may("Autopay:edit") && <Button onPress={() => setIsDue(true)}>{text.processDue}</Button>}
    >
      <Calendar />
      <Filters
        values={filters}
        texts={[phoneFilter(text.number), operatorFilter(words.operator)]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "payment_method", label: text.method, options: optionsOf(text.methods) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.autopay_id}
        onOpen={(row) => void navigate({ to: "/autopay/$userId/$autopayId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("plan", text.plan, (row) => (
            <Link to="/autopay/$userId/$autopayId" params={place(row)}>
              {row.plan_name}
            </Link>
          )),
          column("number", text.number, (row) => <Phone number={row.phone_number} />),
          column(
            "customer",
            words.customer,
            (row) => <UserLink userId={row.user_id} user={row.user} />,
            "minor",
          ),
          column("operator", words.operator, (row) => row.operator, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("price", words.amount, (row) => <Money rupees={row.price} />, "end"),
          column("due", text.due, (row) => <Instant at={row.next_due_at} />, "end", "minor"),
        ]}
      />
      {isDue && <ProcessDueDialog onClose={() => setIsDue(false)} />}
    </Page>
  );
}

function Calendar() {
  const text = useText();
  const calendar = useCalendar();
  return (
    <Card title={text.calendar}>
      <Loaded query={calendar} lines={2}>
        {({ overdue, days }) =>
          overdue === 0 && days.every((each) => each.count === 0) ? (
            <p className="muted">{text.nothingDue}</p>
          ) : (
            <dl className="figures-grid">
              {overdue > 0 && (
                <div className="figure">
                  <dt>{text.overdue}</dt>
                  <dd>{formatCount(overdue)}</dd>
                </div>
              )}
              {days
                .filter((each) => each.count > 0)
                .map((each) => (
                  <div className="figure" key={each.day}>
                    <dt>
                      <Instant at={each.day} day />
                    </dt>
                    <dd>
                      {formatCount(each.count)}{" "}
                      <small>
                        <Money rupees={each.total} />
                      </small>
                    </dd>
                  </div>
                ))}
            </dl>
          )
        }
      </Loaded>
    </Card>
  );
}
