/// The start: what waits, how today goes, whether everything runs.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Card, Page, Skeleton } from "#ui/layout.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { Badge, Money } from "#ui/values.tsx";
import { type Figures, useFigures, useHealth, useWork, type Work } from "./queries.ts";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export function HomePage() {
  const text = useText();
  const admin = useAdmin();
  const may = useMay();
  const mayCount = may("Analytics:read", { scoped: true });
  return (
    <Page title={text.title(admin.name.split(" ")[0] ?? admin.name)}>
      {mayCount && <TodayCard />}
      <div className="cards">
        <WorkCard />
        <HealthCard />
      </div>
    </Page>
  );
}

function TodayCard() {
  const text = useText();
  const figures = useFigures(true);
  return (
    <Card
      title={text.today}
      acts={<Badge tone={figures ? "good" : "neutral"}>{figures ? text.live : text.connecting}</Badge>}
    >
      <dl className="figures-grid">
        <Figure label={text.delivered} value={figures?.total.delivered} />
        <Figure label={text.failed} value={figures?.total.failed} />
        <Figure label={text.paid} value={figures && <Money rupees={figures.total.paid} />} />
        <Figure label={text.refunded} value={figures && <Money rupees={figures.total.refunded} />} />
        <Figure
          label={text.perMinute}
          value={figures && (figures.total.per_minute?.sold.toFixed(1) ?? "–")}
        />
        {figures?.others && <Figure label={text.signUps} value={figures.others.sign_ups} />}
        {figures?.others && (
          <Figure label={text.topups} value={<Money rupees={figures.others.topped_up} />} />
        )}
      </dl>
      {figures && figures.operators.length > 0 && <Operators figures={figures} />}
    </Card>
  );
}

function Figure({ label, value }: { label: string; value: ReactNode }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>{value ?? <span className="skeleton" />}</dd>
    </div>
  );
}

function Operators({ figures }: { figures: Figures }) {
  const text = useText();
  return (
    <div className="table-scroll inset">
      <table className="data" aria-label={text.operators}>
        <thead>
          <tr>
            <th scope="col">{text.operator}</th>
            <th scope="col" className="end">
              {text.delivered}
            </th>
            <th scope="col" className="end">
              {text.failed}
            </th>
            <th scope="col" className="end">
              {text.paid}
            </th>
            <th scope="col" className="end minor">
              {text.rate}
            </th>
          </tr>
        </thead>
        <tbody>
          {figures.operators.map((each) => (
            <tr key={each.operator}>
              <td>{each.operator}</td>
              <td className="end">{each.delivered}</td>
              <td className="end">{each.failed}</td>
              <td className="end">
                <Money rupees={each.paid} />
              </td>
              <td className="end minor">{shareOf(each.delivered, each.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/// What was delivered of what has ended, as a percentage.
export function shareOf(delivered: number, failed: number): string {
  const ended = delivered + failed;
  return ended === 0 ? "–" : `${((delivered / ended) * 100).toFixed(1)} %`;
}

function WorkCard() {
  const text = useText();
  const work = useWork();
  const isIdle = [work.approvals, work.adjustments, work.unknown].every((each) => !each || each.count === 0);
  return (
    <Card title={text.work}>
      {isIdle && <p className="muted">{text.noWork}</p>}
      <ul className="work-list">
        <WorkLine label={text.unknown} work={work.unknown} to="/recharges" search={{ status: "unknown" }} />
        <WorkLine label={text.approvals} work={work.approvals} to="/approvals" />
        <WorkLine label={text.adjustments} work={work.adjustments} to="/adjustments" />
      </ul>
    </Card>
  );
}

interface WorkLineProps {
  label: string;
  work: Work | undefined;
  to?: string;
  search?: Record<string, string>;
}

function WorkLine({ label, work, to, search }: WorkLineProps) {
  if (!work || work.count === 0) return null;
  const count = <Badge tone="warn">{work.isMore ? `${work.count}+` : work.count}</Badge>;
  return (
    <li>
      {to ? (
        <Link to={to} search={search as never}>
          <span>{label}</span> {count}
        </Link>
      ) : (
        <span className="row between line">
          <span>{label}</span> {count}
        </span>
      )}
    </li>
  );
}

function HealthCard() {
  const text = useText();
  const health = useHealth();
  const names: Record<string, string> = text.stores;
  return (
    <Card title={text.health}>
      {health.isPending ? (
        <Skeleton lines={3} />
      ) : (
        <ul className="work-list">
          {Object.entries(health.data?.stores ?? {}).map(([name, store]) => (
            <li key={name}>
              <span className="row between line">
                <span>{names[name] ?? name}</span>
                <span className="row">
                  {store.latency_ms !== null && (
                    <span className="muted figures">{text.milliseconds(store.latency_ms)}</span>
                  )}
                  <Badge tone={store.status === "ok" ? "good" : "bad"}>
                    {store.status === "ok" ? text.ok : text.away}
                  </Badge>
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
