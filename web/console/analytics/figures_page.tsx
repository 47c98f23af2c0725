/// Figures of an area in a period: totals, a chart, and its parts with the rows behind them.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Select } from "#ui/controls.tsx";
import { DayField } from "#ui/fields.tsx";
import { Filters, optionsOf, useFilters } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { formatCount, Money, Nothing, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { AREAS, type AreaName, areaOf, rowsOf } from "./areas.ts";
import { Lead, useText } from "./areas_lead.tsx";
import {
  type Figures,
  type Part,
  type Period,
  type Total,
  useChart,
  useFigures,
  useTheme,
} from "./queries.ts";
import { figuresRoute } from "./routes.tsx";

/// Of the areas that were counted first, plain numbers: these count things, the others are rupees.
const COUNTS = new Set(["sold", "delivered", "failed", "refunds"]);

export function FiguresPage() {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const filter = useFilters();
  const { area: wanted, from, to, operator } = figuresRoute.useSearch();
  const area = areaOf(wanted);
  const period = { from, to, ...(AREAS[area].scoped ? { operator } : {}) };
  const query = useFigures(area, period);
  const open = Object.fromEntries(
    Object.entries(AREAS)
      .filter(([, each]) => may(each.permission, { scoped: each.scoped }))
      .map(([name]) => [name, text.areas[name as AreaName]]),
  );
  return (
    <Page title={text.title} lead={<Lead countedAt={query.data?.counted_at} />}>
      <Filters
        values={{ operator }}
        texts={
          AREAS[area].scoped
            ? [
                {
                  name: "operator",
                  label: words.operator,
                  placeholder: "JIO",
                  read: (typed) => typed.toUpperCase(),
                },
              ]
            : []
        }
      >
        <Select
          label={text.area}
          options={optionsOf(open)}
          value={area}
          onChange={(name) => filter({ area: name, show: undefined, measure: undefined })}
        />
        <DayField
          label={words.from}
          value={from ?? query.data?.first_day ?? ""}
          onChange={(day) => filter({ from: day || undefined })}
        />
        <DayField
          label={words.until}
          value={to ?? query.data?.last_day ?? ""}
          onChange={(day) => filter({ to: day || undefined })}
        />
      </Filters>
      <Loaded query={query} lines={8}>
        {(figures) => (
          <>
            <Totals figures={figures} />
            <ChartCard area={area} period={period} />
            {figures.steps && <Steps figures={figures} />}
            <div className="cards">
              {Object.entries({ ...figures.distributions, ...figures.top })
                .filter(([, parts]) => parts.length > 0)
                .map(([name, parts]) => (
                  <PartsCard key={name} area={area} name={name} parts={parts} />
                ))}
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function totalOf(name: string, total: Total): ReactNode {
  if (total === null) return <Nothing />;
  if (typeof total === "object")
    return (
      <>
        {formatCount(total.count)}{" "}
        {total.amount !== undefined && (
          <small>
            <Money rupees={total.amount} />
          </small>
        )}
      </>
    );
  if (name.endsWith("_percent")) return `${total.toFixed(1)} %`;
  return COUNTS.has(name) ? formatCount(total) : <Money rupees={total} />;
}

function Totals({ figures }: { figures: Figures }) {
  const text = useText();
  const names: Record<string, string> = text.measures;
  const growth = figures.growth?.week_over_week_percent;
  return (
    <Card>
      <dl className="figures-grid">
        {Object.entries(figures.totals).map(([name, total]) => (
          <div className="figure" key={name}>
            <dt>{names[name] ?? wordsOf(name)}</dt>
            <dd>{totalOf(name, total)}</dd>
          </div>
        ))}
        {growth !== undefined && growth !== null && (
          <div className="figure">
            <dt>{text.growth}</dt>
            <dd>{`${growth > 0 ? "+" : ""}${growth.toFixed(1)} %`}</dd>
          </div>
        )}
      </dl>
    </Card>
  );
}

function ChartCard({ area, period }: { area: AreaName; period: Period }) {
  const text = useText();
  const filter = useFilters();
  const search = figuresRoute.useSearch();
  const theme = useTheme();
  const { show: shows, measures } = AREAS[area];
  const show = shows.find((each) => each === search.show) ?? shows[0];
  const measure = measures.find((each) => each === search.measure) ?? measures[0];
  const { address, query } = useChart(area, { ...period, show, measure, theme });
  const labelOf = (names: Record<string, string>, name: string) => names[name] ?? wordsOf(name);
  const shown = labelOf(text.parts, show);
  const counted = labelOf(text.measures, measure);
  return (
    <Card
      title={text.chart}
      acts={
        <div className="filters">
          <Select
            label={text.show}
            options={shows.map((id) => ({ id, label: labelOf(text.parts, id) }))}
            value={show}
            onChange={(value) => filter({ show: value })}
          />
          <Select
            label={text.measure}
            options={measures.map((id) => ({ id, label: labelOf(text.measures, id) }))}
            value={measure}
            onChange={(value) => filter({ measure: value })}
          />
        </div>
      }
    >
      {query.error ? (
        <ProblemNote error={query.error} onRetry={() => void query.refetch()} />
      ) : address ? (
        <img className="chart" src={address} alt={text.chartOf(counted, shown)} width={960} height={400} />
      ) : (
        <div className="chart skeleton" />
      )}
    </Card>
  );
}

function Steps({ figures }: { figures: Figures }) {
  const text = useText();
  const names: Record<string, string> = text.measures;
  return (
    <Card title={text.steps}>
      <ul className="work-list">
        {figures.steps?.map((each) => (
          <li key={each.step}>
            <span className="row between line">
              <span>{names[each.step] ?? wordsOf(each.step)}</span>
              <span className="row">
                <meter
                  aria-label={names[each.step] ?? wordsOf(each.step)}
                  max={100}
                  value={each.percent_of_first ?? 0}
                />
                <span className="figures">
                  {formatCount(each.count)}
                  {each.percent_of_first !== null && ` (${each.percent_of_first.toFixed(1)} %)`}
                </span>
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/// So many parts are shown; the chart has the others together.
const MOST_PARTS = 12;

function PartsCard({ area, name, parts }: { area: AreaName; name: string; parts: Part[] }) {
  const text = useText();
  const names: Record<string, string> = text.parts;
  return (
    <Card title={names[name] ?? wordsOf(name)}>
      <ul className="work-list">
        {parts.slice(0, MOST_PARTS).map((part) => {
          const behind = rowsOf(area, name, part.key);
          const label = part.name ?? wordsOf(part.key);
          const value = (
            <span className="figures">
              {formatCount(part.count ?? part.delivered ?? 0)}{" "}
              <span className="muted">{part.percent === null ? "" : `${part.percent.toFixed(1)} %`}</span>
            </span>
          );
          return (
            <li key={part.key}>
              {behind ? (
                <Link to={behind.to as "/"} search={behind.search as never}>
                  <span>{label}</span> {value}
                </Link>
              ) : (
                <span className="row between line">
                  <span>{label}</span> {value}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
