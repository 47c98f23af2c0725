/// One customer: who they are, what they hold, and what may be done.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button, TextField } from "#ui/controls.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page, Skeleton, Tabs } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Phone } from "#ui/values.tsx";
import { type Rooms, type User, useMayOf, useStatusChange, useUser } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";
import { Overview, Recharges, Sessions, Transactions } from "./user_parts.tsx";

type Act = "block" | "unblock";

export function UserDetail() {
  const text = useText();
  const { userId } = detailRoute.useParams();
  const { tab = "overview", cursor } = detailRoute.useSearch();
  const navigate = useNavigate();
  const may = useMayOf();
  const user = useUser(userId);
  const [act, setAct] = useState<Act | null>(null);
  if (user.isPending) return <Skeleton lines={10} />;
  if (!user.data) {
    return (
      <Page title={text.title}>
        <ProblemNote error={user.error} onRetry={() => void user.refetch()} />
      </Page>
    );
  }
  const customer = user.data;
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
        ]
      : []),
    { id: "sessions", label: text.sessions, content: <Sessions sessions={rooms.sessions ?? []} /> },
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
      acts={
        may.edit && (
          <>
            {customer.status === "active" && <Button onPress={() => setAct("block")}>{text.block}</Button>}
            {customer.status === "blocked" && (
              <Button onPress={() => setAct("unblock")}>{text.unblock}</Button>
            )}
          </>
        )
      }
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
      {act && <StatusDialog user={customer} act={act} onClose={() => setAct(null)} />}
    </Page>
  );
}

function StatusDialog({ user, act, onClose }: { user: User; act: Act; onClose: () => void }) {
  const text = useText();
  const change = useStatusChange(user);
  const name = user.name ?? user.phone_number;
  const isBlock = act === "block";
  return (
    <ActDialog
      title={isBlock ? text.blockTitle(name) : text.unblockTitle(name)}
      submitLabel={isBlock ? text.block : text.unblock}
      isDangerous={isBlock}
      onClose={onClose}
      act={async (values) => {
        await change(act, values.reason ?? "");
        onClose();
        toast(isBlock ? text.blocked : text.unblocked);
      }}
    >
      <p className="muted">{isBlock ? text.blockLead : text.unblockLead}</p>
      <TextField
        name="reason"
        label={text.reasonLabel}
        hint={text.reasonHint}
        isRequired
        maxLength={300}
        autoFocus
      />
    </ActDialog>
  );
}
