/// Customers by how lately, how often and for how much they recharged.
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { Filters, operatorFilter } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount, Money, Nothing, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { Lead, useText } from "./areas_lead.tsx";
import { useSegments } from "./customer_queries.ts";
import { segmentsRoute } from "./routes.tsx";

export function SegmentsPage() {
  const text = useText();
  const words = useWords();
  const { operator } = segmentsRoute.useSearch();
  const query = useSegments(operator);
  const names: Record<string, string> = text.segmentNames;
  const rules: Record<string, string> = text.segmentRules;
  return (
    <Page title={text.segments} lead={<Lead say={text.segmentsLead} countedAt={query.data?.counted_at} />}>
      <Filters values={{ operator }} texts={[operatorFilter(words.operator)]} />
      <Card>
        <dl className="figures-grid">
          <div className="figure">
            <dt>{text.customers}</dt>
            <dd>{query.data ? formatCount(query.data.customers) : <Nothing />}</dd>
          </div>
        </dl>
      </Card>
      <DataTable
        label={text.segments}
        list={wholeList({ ...query, data: query.data?.segments })}
        rowKey={(row) => row.key}
        empty={<Empty title={text.notCounted} />}
        columns={(column) => [
          column("name", text.segment, (row) => (
            <>
              {names[row.key] ?? wordsOf(row.key)} <small className="muted">{rules[row.key]}</small>
            </>
          )),
          column(
            "share",
            text.share,
            (row) => <meter aria-label={names[row.key] ?? row.key} max={100} value={row.percent} />,
            "minor",
          ),
          column("percent", "%", (row) => row.percent.toFixed(1), "end"),
          column("customers", text.customers, (row) => formatCount(row.customers), "end"),
          column("recharges", text.recharges, (row) => formatCount(row.recharges), "end", "minor"),
          column("paid", text.paidInYear, (row) => <Money rupees={row.paid} />, "end"),
        ]}
      />
    </Page>
  );
}
