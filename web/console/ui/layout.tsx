/// The shapes of pages: a title with its acts, cards, facts in two columns, tabs.
import type { ReactNode } from "react";
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from "react-aria-components";

export function Page({
  title,
  lead,
  acts,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {lead && <div className="lead">{lead}</div>}
        </div>
        {acts && <div className="acts">{acts}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  acts,
  children,
}: {
  title?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card">
      {title && (
        <header>
          <h2>{title}</h2>
          {acts}
        </header>
      )}
      {children}
    </section>
  );
}

export type Fact = [label: string, value: ReactNode] | false | null;

/// Labels and values of one thing.
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className="facts">
      {facts
        .filter((fact) => fact !== false && fact !== null)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value ?? "–"}</dd>
          </div>
        ))}
    </dl>
  );
}

export interface TabDefinition {
  id: string;
  label: string;
  content: ReactNode;
}

/// Which tab is open stands in the address, so the caller has it.
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: TabDefinition[];
  selected: string;
  onSelect: (id: string) => void;
}) {
  return (
    <AriaTabs className="tabs" selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))}>
      <TabList className="tab-list" aria-label={label} items={tabs}>
        {(tab) => <Tab className="tab">{tab.label}</Tab>}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel className="tab-panel" key={tab.id} id={tab.id}>
          {tab.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}

/// Lines in the shape of text that is still to come.
export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div className="skeletons" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <span key={line} className="skeleton" />
      ))}
    </div>
  );
}
