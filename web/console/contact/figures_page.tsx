/// How many enquiries of each category came, and how long the first answer and the resolution took.
import { Link } from "@tanstack/react-router";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { DayField } from "#ui/fields.tsx";
import { Filters, useFilters } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount, formatDuration, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Durations, useFigures } from "./queries.ts";
import { figuresRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function FiguresPage() {
  const text = useText();
  const words = useWords();
  const filter = useFilters();
  const { from, to } = figuresRoute.useSearch();
  const query = useFigures({ from, to });
  return (
    <Page
      title={text.figures}
      lead={
        <>
          <span>{text.figuresLead}</span>
          <Link to="/enquiries">{text.title}</Link>
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
      <Card title={text.overall}>
        <Loaded query={query} lines={2}>
          {(figures) => (
            <dl className="figures-grid">
              <div className="figure">
                <dt>{text.firstAnswer}</dt>
                <dd>{spanOf(figures.first_answer_seconds) ?? <Nothing />}</dd>
              </div>
              <div className="figure">
                <dt>{text.resolution}</dt>
                <dd>{spanOf(figures.resolution_seconds) ?? <Nothing />}</dd>
              </div>
            </dl>
          )}
        </Loaded>
      </Card>
      <DataTable
        label={text.figures}
        list={wholeList({ ...query, data: query.data?.categories })}
        rowKey={(row) => row.category}
        empty={<Empty title={text.noFigures} />}
        columns={(column) => [
          column("category", text.category, (row) => (
            <Link to="/enquiries" search={{ category: row.category }}>
              {text.categories[row.category]}
            </Link>
          )),
          column("received", text.received, (row) => formatCount(row.received), "end"),
          column("open", text.open, (row) => formatCount(row.open), "end"),
          column("answered", text.answered, (row) => formatCount(row.answered), "end", "minor"),
          column("resolved", text.resolved, (row) => formatCount(row.resolved), "end", "minor"),
          column(
            "answer",
            text.firstAnswer,
            (row) => spanOf(row.first_answer_seconds) ?? <Nothing />,
            "end",
            "minor",
          ),
          column(
            "resolution",
            text.resolution,
            (row) => spanOf(row.resolution_seconds) ?? <Nothing />,
            "end",
            "minor",
          ),
        ]}
      />
    </Page>
  );
}

/// `5 min · 2 h 0 min · 3 d 4 h`; null if none has come so far.
export function spanOf({ p50, p90, p99 }: Durations): string | null {
  if (p50 === null || p90 === null || p99 === null) return null;
  return [p50, p90, p99].map(formatDuration).join(" · ");
}
