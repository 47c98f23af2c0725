/// For whom the velocity limits are wider, until when, and taking that back.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, Instant, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { AllowDialog } from "./allow_dialog.tsx";
import { type Allowance, useActs, useAllowances } from "./queries.ts";
import { allowancesRoute } from "./routes.tsx";
import { useText } from "./text.ts";

const isLive = (row: Allowance) => Date.parse(row.ends_at) > Date.now();

export function AllowanceList() {
  const text = useText();
  const words = useWords();
  const filters = allowancesRoute.useSearch();
  const list = useAllowances(filters);
  const mayEdit = useMay()("Wallet:edit");
  const { withdraw } = useActs();
  const [isNew, setIsNew] = useState(false);
  const [ending, setEnding] = useState<Allowance | null>(null);
  return (
    <Page
      title={text.allowances}
      lead={
        <>
          <span>{text.allowancesLead}</span>
          <Link to="/limits">{text.title}</Link>
        </>
      }
      acts={
        mayEdit && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.allow}
          </Button>
        )
      }
    >
      <Filters
        values={filters}
        texts={[phoneFilter(words.number), { name: "address", label: text.address }]}
        choices={[
          {
            name: "is_live",
            label: text.state,
            options: [
              { id: "true", label: text.live },
              { id: "false", label: text.ended },
            ],
          },
        ]}
      />
      <DataTable
        label={text.allowances}
        list={list}
        rowKey={(row) => row.allowance_id}
        empty={<Empty title={text.noAllowances} />}
        columns={(column) => [
          column("scope", text.scope, (row) => <Whom allowance={row} />),
          column("factor", text.factor, (row) => `${row.factor} ×`, "end"),
          column("state", text.state, (row) => (
            <Badge tone={isLive(row) ? "good" : "neutral"}>{isLive(row) ? text.live : text.ended}</Badge>
          )),
          column("reason", words.reason, (row) => row.reason, "minor"),
          column("at", words.since, (row) => <Instant at={row.allowed_at} />, "end", "minor"),
          column("ends", text.ends, (row) => <Instant at={row.ends_at} />, "end"),
          ...(mayEdit
            ? [
                column(
                  "act",
                  words.actions,
                  (row: Allowance) =>
                    isLive(row) && (
                      <Button className="small" onPress={() => setEnding(row)}>
                        {text.withdraw}
                      </Button>
                    ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {isNew && <AllowDialog onClose={() => setIsNew(false)} />}
      {ending && (
        <Confirm
          title={text.withdraw}
          label={text.withdraw}
          lead={text.withdrawLead}
          done={text.withdrawn}
          isDangerous
          onClose={() => setEnding(null)}
          act={async () => {
            await withdraw(ending);
            return "done";
          }}
        />
      )}
    </Page>
  );
}

function Whom({ allowance }: { allowance: Allowance }) {
  const text = useText();
  if (allowance.scope === "user") return <UserLink userId={allowance.user_id} />;
  if (allowance.scope === "number") return <Phone number={allowance.phone_number} />;
  return (
    <span title={text.scopes.address} className="figures">
      {allowance.address}
    </span>
  );
}
