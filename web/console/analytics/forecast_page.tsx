/// Base plans that end within thirty days, and the renewals to expect.
import { Link } from "@tanstack/react-router";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { Filters, operatorFilter } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount, Instant, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { Lead, useText } from "./areas_lead.tsx";
import { type ForecastPart, useForecast } from "./customer_queries.ts";
import { forecastRoute } from "./routes.tsx";

/// So many of a part are shown; its list has the most first.
const MOST_PARTS = 12;
const countOf = (count: number | null) => (count === null ? <Nothing /> : formatCount(count));

export function ForecastPage() {
  const text = useText();
  const words = useWords();
  const { operator } = forecastRoute.useSearch();
  const query = useForecast(operator);
  return (
    <Page title={text.forecast} lead={<Lead say={text.forecastLead} countedAt={query.data?.counted_at} />}>
      <Filters values={{ operator }} texts={[operatorFilter(words.operator)]} />
      <div className="split">
        <DataTable
          label={text.forecast}
          list={wholeList({ ...query, data: query.data?.days })}
          rowKey={(row) => row.day}
          empty={<Empty title={text.notCounted} />}
          columns={(column) => [
            column("day", text.day, (row) => <Instant at={row.day} day />),
            column("ending", text.ending, (row) => formatCount(row.ending), "end"),
            column("expected", text.expected, (row) => countOf(row.expected_renewals), "end"),
          ]}
        />
        <div className="stack">
          <Loaded query={query} lines={6}>
            {({ operator: operators, circle, plan, rates }) => (
              <>
                <Card title={text.rates}>
                  <p className="muted">{text.ratesLead}</p>
                  {rates.length === 0 && <p className="muted">{text.notCounted}</p>}
                  <ul className="work-list">
                    {rates.map((each) => (
                      <li key={each.operator}>
                        <span className="row between line">
                          <span>{each.operator}</span>
                          <span className="row">
                            <meter aria-label={each.operator} max={100} value={each.percent} />
                            <span className="figures">
                              {each.percent.toFixed(1)} %{" "}
                              <span className="muted">
                                ({formatCount(each.renewed)} / {formatCount(each.ended)})
                              </span>
                            </span>
                          </span>
                        </span>
                      </li>
                    ))}
                  </ul>
                </Card>
                <Parts title={text.parts.operator} parts={operators} />
                <Parts title={text.parts.circle} parts={circle} />
                <Parts title={text.parts.plan} parts={plan} isPlan />
              </>
            )}
          </Loaded>
        </div>
      </div>
    </Page>
  );
}

function Parts({ title, parts, isPlan = false }: { title: string; parts: ForecastPart[]; isPlan?: boolean }) {
  const text = useText();
  if (parts.length === 0) return null;
  return (
    <Card title={title} acts={<small className="muted">{`${text.ending} / ${text.expected}`}</small>}>
      <ul className="work-list">
        {parts.slice(0, MOST_PARTS).map((part) => {
          const value = (
            <span className="figures">
              {formatCount(part.ending)} <span className="muted">/ {countOf(part.expected_renewals)}</span>
            </span>
          );
          return (
            <li key={part.key}>
              {isPlan ? (
                <Link to="/plans/$planId" params={{ planId: part.key }}>
                  <span>{part.name ?? part.key.slice(0, 8)}</span> {value}
                </Link>
              ) : (
                <span className="row between line">
                  <span>{part.key}</span> {value}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
