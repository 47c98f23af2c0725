/// Retention: of those who began in a month, how many recharge one, two, three months later.
import type { CSSProperties } from "react";
import { Filters, operatorFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { Lead, useText } from "./areas_lead.tsx";
import { type Cohort, useCohorts } from "./customer_queries.ts";
import { cohortsRoute } from "./routes.tsx";

export function CohortsPage() {
  const text = useText();
  const words = useWords();
  const { operator } = cohortsRoute.useSearch();
  const query = useCohorts(operator);
  return (
    <Page title={text.cohorts} lead={<Lead say={text.cohortsLead} countedAt={query.data?.counted_at} />}>
      <Filters values={{ operator }} texts={[operatorFilter(words.operator)]} />
      <Loaded query={query} lines={8}>
        {({ cohorts }) =>
          cohorts.length === 0 ? <Empty title={text.notCounted} /> : <Triangle cohorts={cohorts} />
        }
      </Loaded>
    </Page>
  );
}

/// How many columns the earliest month needs.
export function widthOf(cohorts: readonly Pick<Cohort, "months">[]): number {
  return Math.max(0, ...cohorts.flatMap((cohort) => cohort.months.map((each) => each.months_after + 1)));
}

function Triangle({ cohorts }: { cohorts: Cohort[] }) {
  const text = useText();
  const months = Array.from({ length: widthOf(cohorts) }, (_, after) => after);
  return (
    <section className="table-box" aria-label={text.cohorts}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <div className="table-scroll" tabIndex={0} role="group" aria-label={text.cohorts}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col">{text.month}</th>
              <th scope="col" className="end">
                {text.customers}
              </th>
              {months.map((after) => (
                <th key={after} scope="col" className="end">
                  {text.monthsAfter(after)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort) => (
              <tr key={cohort.month}>
                <th scope="row">{cohort.month}</th>
                <td className="end">{formatCount(cohort.customers)}</td>
                {months.map((after) => (
                  <Cell key={after} month={cohort.months.find((each) => each.months_after === after)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Cell({ month }: { month: Cohort["months"][number] | undefined }) {
  const text = useText();
  if (!month) return <td />;
  const percent = `${month.percent.toFixed(month.percent === 100 ? 0 : 1)} %`;
  return (
    <td
      className="end heat"
      style={{ "--share": month.percent } as CSSProperties}
      title={text.ofCohort(formatCount(month.customers), percent)}
    >
      {percent}
    </td>
  );
}
