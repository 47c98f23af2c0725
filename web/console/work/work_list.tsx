/// Everything that waits for a person, what waits longest first.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Badge, formatDuration, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Item, pageOf, useActs, useItems, useSummary } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
/// What waits longer than that is marked, in seconds.
const LONG_S = 24 * 3600;

export function WorkList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const list = useItems(filters);
  const admin = useAdmin();
  const mayEdit = useMay()("Recharge:edit", { scoped: true });
  const { assign } = useActs();
  const [settling, setSettling] = useState<{ item: Item; act: "rerun" | "close" } | null>(null);
  const take = async (item: Item) => {
    const isMine = item.assignee_id === admin.admin_id;
    try {
      await assign(item, isMine ? null : admin.admin_id);
      toast(isMine ? text.given : text.taken);
    } catch {
      // The list is read again and shows who was faster.
      toast(text.notTaken);
    }
  };
  return (
    <Page title={text.title} lead={text.lead}>
      <Summary />
      <Filters
        values={filters}
        choices={[
          { name: "kind", label: words.kind, options: optionsOf(text.kinds) },
          { name: "owner", label: text.owner, options: optionsOf(text.owners) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => `${row.kind} ${row.item}`}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("what", text.what, (row) => <Title item={row} />),
          column("kind", words.kind, (row) => text.kinds[row.kind], "minor"),
          column("operator", words.operator, (row) => row.operator ?? <Nothing />, "minor"),
          column("age", text.waits, (row) => (
            <Badge tone={row.age_seconds > LONG_S ? "bad" : "neutral"}>
              {formatDuration(row.age_seconds)}
            </Badge>
          )),
          column("owner", text.owner, (row) => ownerOf(row, admin.admin_id, text), "minor"),
          ...(mayEdit
            ? [
                column(
                  "acts",
                  words.actions,
                  (row) => (
                    <span className="row acts-end">
                      {row.can_rerun && (
                        <Button className="small" onPress={() => setSettling({ item: row, act: "rerun" })}>
                          {text.rerun}
                        </Button>
                      )}
                      {row.can_close && (
                        <Button className="small" onPress={() => setSettling({ item: row, act: "close" })}>
                          {text.close}
                        </Button>
                      )}
                      <Button className="small" onPress={() => void take(row)}>
                        {row.assignee_id === admin.admin_id ? text.give : text.take}
                      </Button>
                    </span>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {settling && <SettleDialog {...settling} onClose={() => setSettling(null)} />}
    </Page>
  );
}

function ownerOf(item: Item, me: string, text: ReturnType<typeof useText>) {
  if (item.assignee_id === null) return <Nothing />;
  return item.assignee_id === me ? text.you : item.assignee_id.slice(0, 8);
}

function Title({ item }: { item: Item }) {
  const page = pageOf(item.path);
  return page ? <Link to={page as "/"}>{item.title}</Link> : item.title;
}

function Summary() {
  const text = useText();
  const summary = useSummary();
  const kinds = (summary.data?.kinds ?? []).filter((each) => each.count > 0);
  if (kinds.length === 0) return null;
  return (
    <dl className="figures-grid card">
      {kinds.map((each) => (
        <div className="figure" key={each.kind}>
          <dt>{text.kinds[each.kind]}</dt>
          <dd>
            {each.count} {each.unassigned > 0 && <small>{text.unassigned(each.unassigned)}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function SettleDialog({ item, act, onClose }: { item: Item; act: "rerun" | "close"; onClose: () => void }) {
  const text = useText();
  const acts = useActs();
  const isRerun = act === "rerun";
  return (
    <Confirm
      title={item.title}
      label={isRerun ? text.rerun : text.close}
      lead={isRerun ? text.rerunLead : text.closeLead}
      done={isRerun ? text.rerunDone : text.closed}
      reason="reason"
      onClose={onClose}
      act={async (reason) => {
        await (isRerun ? acts.rerun(item, reason) : acts.close(item, reason));
        return "done";
      }}
    />
  );
}
