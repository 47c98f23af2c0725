/// What messages cost, by day and channel.
import { Link } from "@tanstack/react-router";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { DayField } from "#ui/fields.tsx";
import { Filters, useFilters } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount, Instant, Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { useCosts } from "./queries.ts";
import { costsRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function CostsPage() {
  const text = useText();
  const words = useWords();
  const filter = useFilters();
  const { from, to } = costsRoute.useSearch();
  const query = useCosts({ from, to });
  return (
    <Page
      title={text.costs}
      lead={
        <>
          <span>{text.costsLead}</span>
          <Link to="/messages">{text.title}</Link>
        </>
      }
    >
      <Filters values={{}}>
        <DayField
          label={words.from}
          value={from ?? ""}
          onChange={(day) => filter({ from: day || undefined })}
        />
        <DayField label={words.until} value={to ?? ""} onChange={(day) => filter({ to: day || undefined })} />
      </Filters>
      <Card>
        <dl className="figures-grid">
          <div className="figure">
            <dt>{text.total}</dt>
            <dd>{query.data ? <Money rupees={query.data.total} /> : <Nothing />}</dd>
          </div>
        </dl>
      </Card>
      <DataTable
        label={text.costs}
        list={wholeList({ ...query, data: query.data?.by_day })}
        rowKey={(row) => `${row.day} ${row.channel}`}
        empty={<Empty title={text.noCosts} />}
        columns={(column) => [
          column("day", text.day, (row) => <Instant at={row.day} day />),
          column("channel", text.channel, (row) => text.channels[row.channel]),
          column("messages", text.messages, (row) => formatCount(row.messages), "end"),
          column("units", text.units, (row) => formatCount(row.units), "end", "minor"),
          column("cost", text.cost, (row) => <Money rupees={row.cost} />, "end"),
        ]}
      />
    </Page>
  );
}
