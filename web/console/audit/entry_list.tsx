/// Who did what, when, and what it changed.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Diff } from "#ui/diff.tsx";
import { Filters } from "#ui/filters.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { texts } from "#ui/text.ts";
import { Badge, Instant, Reference } from "#ui/values.tsx";
import { changesOf, type Entry, useEntries } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export function EntryList() {
  const text = useText();
  const filters = listRoute.useSearch();
  const list = useEntries(filters);
  const [open, setOpen] = useState<Entry | null>(null);
  const actors: Record<string, string> = text.actors;
  const columns: Column<Entry>[] = [
    {
      id: "action",
      header: text.action,
      cell: (row) => (
        <Button kind="quiet" className="cell-button" onPress={() => setOpen(row)}>
          {row.action.replaceAll("_", " ")}
        </Button>
      ),
    },
    { id: "object", header: text.object, cell: (row) => row.object_type.replaceAll("_", " "), isMinor: true },
    { id: "actor", header: text.actor, cell: (row) => actors[row.actor_kind] ?? row.actor_kind },
    {
      id: "result",
      header: text.result,
      cell: (row) => <Badge tone={row.result === "succeeded" ? "good" : "bad"}>{row.result}</Badge>,
      isMinor: true,
    },
    { id: "at", header: text.at, cell: (row) => <Instant at={row.occurred_at} />, align: "end" },
  ];
  return (
    <Page title={text.title}>
      <Filters
        values={filters}
        texts={[
          {
            name: "action",
            label: text.action,
            placeholder: text.actionHint,
            read: (typed) => typed.toLowerCase().replaceAll(" ", "_"),
          },
          { name: "object_id", label: text.objectId },
          { name: "request_id", label: text.requestId },
        ]}
        choices={[
          {
            name: "actor_kind",
            label: text.actor,
            options: Object.entries(text.actors).map(([id, label]) => ({ id, label })),
          },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(row) => row.entry_id}
        onOpen={setOpen}
        empty={<Empty title={text.empty} />}
      />
      {open && <EntryDialog entry={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function EntryDialog({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const text = useText();
  const changes = changesOf(entry);
  return (
    <Dialog title={entry.action.replaceAll("_", " ")} isOpen onClose={onClose} className="wide">
      <Facts
        facts={[
          [text.at, <Instant key="at" at={entry.occurred_at} />],
          [text.object, `${entry.object_type} ${entry.object_id}`],
          [
            text.actor,
            <Reference
              key="actor"
              value={entry.actor_id ?? entry.actor_kind}
              short={entry.actor_id !== null}
            />,
          ],
          // What admins do with their own account concerns no customer.
          entry.user_id !== null &&
            entry.user_id !== (entry.actor_kind === "admin" ? entry.actor_id : null) && [
              text.customer,
              <Link key="user" to="/customers/$userId" params={{ userId: entry.user_id }}>
                {entry.user_id.slice(0, 8)}
              </Link>,
            ],
          entry.reason !== null && [text.reason, entry.reason],
          [text.requestId, <Reference key="request" value={entry.request_id} />],
          [text.address, entry.address || null],
          [text.seal, entry.sequence ?? text.notSealed],
        ]}
      />
      <h3>{text.changes}</h3>
      {changes.length > 0 ? <Diff changes={changes} /> : <p className="muted">{text.noChanges}</p>}
      {Object.keys(entry.details).length > 0 && (
        <>
          <h3>{text.details}</h3>
          <pre className="json">{JSON.stringify(entry.details, null, 2)}</pre>
        </>
      )}
    </Dialog>
  );
}
