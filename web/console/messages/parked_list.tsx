/// Messages that failed too often or had no provider: one is sent again, or all that the filters show.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, formatCount, Instant, Nothing, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Parked, useActs, useParked } from "./queries.ts";
import { parkedRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function ParkedList() {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const filters = parkedRoute.useSearch();
  const list = useParked(filters);
  const { resend, resendAll } = useActs();
  const mayEdit = may("Notifications:edit");
  const [chosen, setChosen] = useState<Parked | "all" | null>(null);
  const isAll = chosen === "all";
  return (
    <Page
      title={text.title}
      lead={
        <>
          <span>{text.lead}</span>
          <Link to="/messages/costs">{text.costs}</Link>
        </>
      }
      acts={
        mayEdit && list.rows.length > 0 && <Button onPress={() => setChosen("all")}>{text.resendAll}</Button>
      }
    >
      <Filters
        values={filters}
        texts={[{ name: "kind", label: words.kind, placeholder: text.kindHint }]}
        choices={[
          {
            name: "reason",
            label: text.why,
            none: text.reasons.failed,
            options: [{ id: "no_provider", label: text.reasons.no_provider }],
          },
          { name: "channel", label: text.channel, options: optionsOf(text.channels) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.message_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("kind", words.kind, (row) => wordsOf(row.kind)),
          column("to", text.to, (row) => <Recipient message={row} />),
          column("channel", text.channel, (row) => text.channels[row.channel]),
          column("type", text.type, (row) => <Badge>{text.types[row.type]}</Badge>, "minor"),
          column("attempts", text.attempts, (row) => formatCount(row.attempts), "end", "minor"),
          column("error", text.error, (row) => row.last_error || <Nothing />, "minor"),
          column("at", text.parkedAt, (row) => <Instant at={row.parked_at} />, "end"),
          ...(mayEdit
            ? [
                column(
                  "act",
                  words.actions,
                  (row: Parked) => (
                    <Button className="small" onPress={() => setChosen(row)}>
                      {text.resend}
                    </Button>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {chosen && (
        <ActDialog
          title={isAll ? text.resendAll : text.resendTitle(wordsOf(chosen.kind))}
          submitLabel={text.resend}
          onClose={() => setChosen(null)}
          act={async () => {
            const { count } = await (isAll ? resendAll(filters) : resend(chosen));
            setChosen(null);
            toast(text.resent(count));
          }}
        >
          <p className="muted">{isAll ? text.resendAllLead : text.resendLead}</p>
        </ActDialog>
      )}
    </Page>
  );
}

function Recipient({ message }: { message: Parked }) {
  const text = useText();
  const name = text.recipients[message.recipient_kind];
  return (
    <span className="row">
      {message.recipient_kind === "user" ? <UserLink userId={message.recipient_id} /> : name}
      {message.address && <span className="muted figures">{message.address}</span>}
    </span>
  );
}
