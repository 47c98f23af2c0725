/// What the velocity rules held back, and allowing a customer, a number or an address more.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatPaise } from "#shared/money.ts";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { formatCount, Instant, Money, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { AllowDialog } from "./allow_dialog.tsx";
import { type HeldBack, useHeldBack } from "./queries.ts";
import { heldBackRoute } from "./routes.tsx";
import { useText } from "./text.ts";

/// The limit of a sum is in paise.
export function boundOf({ rule, bound }: Pick<HeldBack, "rule" | "bound">): string {
  return rule.includes("_sum_") ? formatPaise(bound) : formatCount(bound);
}

export function HeldBackList() {
  const text = useText();
  const words = useWords();
  const filters = heldBackRoute.useSearch();
  const list = useHeldBack(filters);
  const mayEdit = useMay()("Wallet:edit");
  const [chosen, setChosen] = useState<HeldBack | null>(null);
  return (
    <Page
      title={text.title}
      lead={
        <>
          <span>{text.lead}</span>
          <Link to="/limits/allowances">{text.allowances}</Link>
        </>
      }
    >
      <Filters
        values={filters}
        texts={[
          phoneFilter(words.number),
          { name: "address", label: text.address },
          { name: "user_id", label: words.customerId },
        ]}
        choices={[
          { name: "rule", label: text.rule, options: optionsOf(text.rules) },
          { name: "kind", label: words.kind, options: optionsOf(text.kinds) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.held_back_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} user={row.user} />),
          column("rule", text.rule, (row) => text.rules[row.rule]),
          column("bound", text.bound, boundOf, "end", "minor"),
          column("attempts", text.attempts, (row) => formatCount(row.attempts), "end"),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column("number", words.number, (row) => <Phone number={row.phone_number} />, "minor"),
          column(
            "address",
            text.address,
            (row) => (
              <Link to="/limits" search={{ address: row.address }}>
                {row.address}
              </Link>
            ),
            "minor",
          ),
          column("at", words.at, (row) => <Instant at={row.last_at} />, "end", "minor"),
          ...(mayEdit
            ? [
                column(
                  "act",
                  words.actions,
                  (row: HeldBack) => (
                    <Button className="small" onPress={() => setChosen(row)}>
                      {text.allow}
                    </Button>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {chosen && <AllowDialog about={chosen} onClose={() => setChosen(null)} />}
    </Page>
  );
}
