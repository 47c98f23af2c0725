/// Rewards for bringing a friend, the newest first. What looks like fraud is held.
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, RowButton } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { Badge, Instant, Money, type Tone, wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Decision, decisionsOf, type Reward, useDecide, useRewards } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Reward["status"], Tone> = {
  pending: "info",
  held: "warn",
  earned: "info",
  paid: "good",
  reversed: "bad",
  cancelled: "neutral",
};

export function RewardList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const list = useRewards(filters);
  const [open, setOpen] = useState<Reward | null>(null);
  const [deciding, setDeciding] = useState<{ reward: Reward; decision: Decision } | null>(null);
  return (
    <Page title={text.title}>
      <Filters
        values={filters}
        texts={[{ name: "user_id", label: words.customerId }]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "side", label: text.side, options: optionsOf(text.sides) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.reward_id}
        onOpen={setOpen}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("side", text.side, (row) => (
            <RowButton onPress={() => setOpen(row)}>{text.sides[row.side]}</RowButton>
          )),
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} user={row.user} />),
          column(
            "friend",
            text.friend,
            (row) => <UserLink userId={row.friend_id} user={row.friend_user} />,
            "minor",
          ),
          column("amount", words.amount, (row) => <Money rupees={row.amount} />, "end"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
        ]}
      />
      {open && (
        <RewardDialog
          reward={open}
          onClose={() => setOpen(null)}
          onDecide={(decision) => {
            setDeciding({ reward: open, decision });
            setOpen(null);
          }}
        />
      )}
      {deciding && <DecideDialog {...deciding} onClose={() => setDeciding(null)} />}
    </Page>
  );
}

function RewardDialog({
  reward,
  onDecide,
  onClose,
}: {
  reward: Reward;
  onDecide: (decision: Decision) => void;
  onClose: () => void;
}) {
  const text = useText();
  const words = useWords();
  const mayEdit = useMay()("Referrals:edit");
  return (
    <Dialog title={text.sides[reward.side]} isOpen onClose={onClose}>
      <Facts
        facts={[
          [words.status, text.statuses[reward.status]],
          [words.amount, <Money key="amount" rupees={reward.amount} />],
          [text.referrer, <UserLink key="referrer" userId={reward.referrer_id} />],
          [text.friend, <UserLink key="friend" userId={reward.friend_id} user={reward.friend_user} />],
          [text.recharge, <RechargeLink key="r" userId={reward.friend_id} rechargeId={reward.recharge_id} />],
          [
            text.why,
            reward.hold_reasons.map((each) => text.reasons[each] ?? wordsOf(each)).join(", ") || null,
          ],
          [text.takenBack, <Money key="back" rupees={reward.taken_back} />],
          [words.at, <Instant key="at" at={reward.created_at} />],
          [text.paid, <Instant key="paid" at={reward.paid_at} />],
        ]}
      />
      {mayEdit && (
        <div className="row">
          {decisionsOf(reward).map((decision) => (
            <Button key={decision} onPress={() => onDecide(decision)}>
              {text.decisions[decision]}
            </Button>
          ))}
        </div>
      )}
    </Dialog>
  );
}

function DecideDialog({
  reward,
  decision,
  onClose,
}: {
  reward: Reward;
  decision: Decision;
  onClose: () => void;
}) {
  const text = useText();
  const decide = useDecide();
  return (
    <Confirm
      title={text.decisions[decision]}
      label={text.decisions[decision]}
      lead={text.leads[decision]}
      done={text.done[decision]}
      isDangerous={decision === "reject"}
      reason="reason"
      onClose={onClose}
      act={async (reason) => {
        await decide(reward, decision, reason);
        return "done";
      }}
    />
  );
}
