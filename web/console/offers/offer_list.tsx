/// All offers, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, Instant, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { NewOfferDialog } from "./offer_form.tsx";
import { type Offer, useOffers } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { gainOf, TONES, useText } from "./text.ts";

export function OfferList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useOffers(filters);
  const may = useMay();
  const mayWrite = may("Offers:write", { scoped: true });
  const [isNew, setIsNew] = useState(false);
  const place = (row: Offer) => ({ offerId: row.offer_id });
  return (
    <Page
      title={text.title}
      lead={may("OfferTypes:read", { scoped: true }) && <Link to="/offers/types">{text.types}</Link>}
      acts={
        mayWrite && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.create}
          </Button>
        )
      }
    >
      <Filters
        values={filters}
        texts={[
          { name: "search", label: words.name },
          {
            name: "operator",
            label: words.operator,
            placeholder: "JIO",
            read: (typed) => typed.toUpperCase(),
          },
        ]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "window", label: text.window, options: optionsOf(text.windows) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.offer_id}
        onOpen={(row) => void navigate({ to: "/offers/$offerId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("name", words.name, (row) => (
            <Link to="/offers/$offerId" params={place(row)}>
              {row.name}
            </Link>
          )),
          column("code", text.code, (row) => row.code ?? <Nothing />),
          column("discount", text.discount, (row) => gainOf(row.reward.discount, text.upTo) ?? <Nothing />),
          column(
            "cashback",
            text.cashback,
            (row) => gainOf(row.reward.cashback, text.upTo) ?? <Nothing />,
            "minor",
          ),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("window", text.window, (row) => text.windows[row.window], "minor"),
          column("until", words.until, (row) => <Instant at={row.active_until} />, "end", "minor"),
        ]}
      />
      {isNew && <NewOfferDialog onClose={() => setIsNew(false)} />}
    </Page>
  );
}
