/// What campaigns brought: their figures together, and each against those who were left out of it.
import { Link } from "@tanstack/react-router";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { DayField } from "#ui/fields.tsx";
import { Filters, useFilters } from "#ui/filters.tsx";
import { Card, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { formatCount, Instant, Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { Lead, useText } from "./areas_lead.tsx";
import { useCampaignFigures } from "./customer_queries.ts";
import { campaignsRoute } from "./routes.tsx";

const SUMS: ReadonlySet<string> = new Set(["cost", "revenue", "extra_revenue"]);
const percentOf = (percent: number | null) => (percent === null ? <Nothing /> : `${percent.toFixed(1)} %`);

export function CampaignsPage() {
  const text = useText();
  const words = useWords();
  const filter = useFilters();
  const { from, to } = campaignsRoute.useSearch();
  const query = useCampaignFigures({ from, to });
  const names: Record<string, string> = text.campaignNames;
  return (
    <Page title={text.campaigns} lead={<Lead say={text.campaignsLead} countedAt={query.data?.counted_at} />}>
      <Filters values={{}}>
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
      <Card>
        <Loaded query={query} lines={2}>
          {({ totals }) => (
            <dl className="figures-grid">
              {Object.entries(totals).map(([name, total]) => (
                <div className="figure" key={name}>
                  <dt>{names[name] ?? name}</dt>
                  <dd>{SUMS.has(name) ? <Money rupees={total} /> : formatCount(total)}</dd>
                </div>
              ))}
            </dl>
          )}
        </Loaded>
      </Card>
      <DataTable
        label={text.campaigns}
        list={wholeList({ ...query, data: query.data?.campaigns })}
        rowKey={(row) => row.campaign_id}
        empty={<Empty title={text.noCampaigns} />}
        columns={(column) => [
          column("name", words.name, (row) => (
            <Link to="/campaigns" search={{ offer_id: row.offer_id }}>
              {row.name}
            </Link>
          )),
          column(
            "offer",
            text.offer,
            (row) => (
              <Link to="/offers/$offerId" params={{ offerId: row.offer_id }}>
                {row.offer_name}
              </Link>
            ),
            "minor",
          ),
          column("from", words.from, (row) => <Instant at={row.starts_at} day />, "end", "minor"),
          column("reached", text.campaignNames.reached, (row) => formatCount(row.reached), "end"),
          column("recharged", text.recharged, (row) => percentOf(row.recharged_percent), "end"),
          column(
            "control",
            text.controlRecharged,
            (row) => percentOf(row.control_recharged_percent),
            "end",
            "minor",
          ),
          column("used", text.campaignNames.used, (row) => formatCount(row.used), "end", "minor"),
          column("cost", text.campaignNames.cost, (row) => <Money rupees={row.cost} />, "end", "minor"),
          column(
            "extra",
            text.campaignNames.extra_revenue,
            (row) => (row.extra_revenue === null ? <Nothing /> : <Money rupees={row.extra_revenue} />),
            "end",
          ),
        ]}
      />
    </Page>
  );
}
