/// One customer: who they are, what they hold, and what may be done.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { Page, Tabs } from "#ui/layout.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { Badge, Phone } from "#ui/values.tsx";
import { ExportDialog } from "./account_acts.tsx";
import { type Rooms, type UserWhole, useMayOf, useUser } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";
import { type Act, ActDialogOf, useActsOf } from "./user_acts.tsx";
import { Ledger, Overview, Recharges, Sessions, Transactions } from "./user_parts.tsx";

export function UserDetail() {
  const text = useText();
  const { userId } = detailRoute.useParams();
  return (
    <LoadedPage query={useUser(userId)} title={text.title}>
      {(user) => <Whole customer={user} />}
    </LoadedPage>
  );
}

function Whole({ customer }: { customer: UserWhole }) {
  const text = useText();
  const { userId } = detailRoute.useParams();
  const { tab = "overview", cursor } = detailRoute.useSearch();
  const navigate = useNavigate();
  const may = useMayOf();
  const acts = useActsOf(customer);
  const [act, setAct] = useState<Act | "export" | null>(null);
  const rooms = customer.rooms as Rooms;
  const tabs = [
    { id: "overview", label: text.overview, content: <Overview user={customer} rooms={rooms} /> },
    ...(may.recharges
      ? [{ id: "recharges", label: text.recharges, content: <Recharges userId={userId} cursor={cursor} /> }]
      : []),
    ...(may.transactions
      ? [
          {
            id: "transactions",
            label: text.transactions,
            content: <Transactions userId={userId} cursor={cursor} />,
          },
          { id: "ledger", label: text.ledger, content: <Ledger userId={userId} cursor={cursor} /> },
        ]
      : []),
    {
      id: "sessions",
      label: text.sessions,
      content: <Sessions user={customer} sessions={rooms.sessions ?? []} />,
    },
  ];
  return (
    <Page
      title={customer.name ?? text.unnamed}
      lead={
        <>
          <Phone number={customer.phone_number} />
          <Badge tone={TONES[customer.status]}>{text.statuses[customer.status]}</Badge>
        </>
      }
      acts={[...acts, ...(may.export ? (["export"] as const) : [])].map((each) => (
        <Button key={each} onPress={() => setAct(each)}>
          {text.actLabels[each]}
        </Button>
      ))}
    >
      <Tabs
        label={text.tabs}
        tabs={tabs}
        selected={tabs.some((each) => each.id === tab) ? tab : "overview"}
        onSelect={(id) =>
          void navigate({
            to: ".",
            search: { tab: id === "overview" ? undefined : id } as never,
            replace: true,
            state: {},
          })
        }
      />
      {act === "export" && <ExportDialog user={customer} onClose={() => setAct(null)} />}
      {act !== null && act !== "export" && (
        <ActDialogOf user={customer} act={act} onClose={() => setAct(null)} />
      )}
    </Page>
  );
}
