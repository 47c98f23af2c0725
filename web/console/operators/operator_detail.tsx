/// One operator: what it is, its channels and how each of them does, and changing both.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatPaise, paiseOf } from "#shared/money.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { Loaded, LoadedPage } from "#ui/loaded.tsx";
import { Empty, ProblemNote } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, Instant, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type ChannelAct, ChannelActs } from "./channel_acts.tsx";
import { NewChannelDialog } from "./channel_form.tsx";
import { MaintenanceBadge } from "./maintenance.tsx";
import { EditOperatorDialog } from "./operator_form.tsx";
import {
  type Channel,
  type Operator,
  useChannels,
  useHealth,
  useOperator,
  useOperatorActs,
} from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { STATUS_TONES, useText } from "./text.ts";

export function OperatorDetail() {
  const text = useText();
  const { operator } = detailRoute.useParams();
  return (
    <LoadedPage query={useOperator(operator)} title={text.title}>
      {(found) => (found ? <Whole operator={found} /> : <Empty title={text.empty} />)}
    </LoadedPage>
  );
}

function Whole({ operator }: { operator: Operator }) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const channels = useChannels(operator.code);
  const { removeOperator } = useOperatorActs();
  const [act, setAct] = useState<"edit" | "remove" | "channel" | null>(null);
  const close = () => setAct(null);
  return (
    <Page
      title={operator.display_name}
      lead={
        <>
          <Link to="/operators">{text.title}</Link>
          <Badge tone={STATUS_TONES[operator.status]}>{text.statuses[operator.status]}</Badge>
          <MaintenanceBadge operator={operator} />
        </>
      }
      acts={
        <>
          {may("Operators:delete") && <Button onPress={() => setAct("remove")}>{words.remove}</Button>}
          {may("Operators:edit", { scoped: true }) && (
            <Button onPress={() => setAct("edit")}>{words.edit}</Button>
          )}
          {may("Operators:write", { scoped: true }) && (
            <Button kind="primary" onPress={() => setAct("channel")}>
              {text.addChannel}
            </Button>
          )}
        </>
      }
    >
      <Card>
        <Facts
          facts={[
            [text.code, operator.code],
            [text.fullName, operator.name],
            [text.served, operator.is_active ? text.yes : text.no],
            [text.channel, text.channels[operator.channel]],
            [words.position, operator.sort_order],
            [text.updated, <Instant key="updated" at={operator.updated_at} />],
          ]}
        />
      </Card>
      <Loaded query={channels}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={text.noChannels} />
          ) : (
            <div className="cards">
              {all.map((channel) => (
                <ChannelCard key={channel.code} channel={channel} />
              ))}
            </div>
          )
        }
      </Loaded>
      {act === "edit" && <EditOperatorDialog operator={operator} onClose={close} />}
      {act === "channel" && <NewChannelDialog operator={operator.code} onClose={close} />}
      {act === "remove" && (
        <Confirm
          title={`${words.remove}: ${operator.display_name}`}
          label={words.remove}
          lead={text.removeOperatorLead}
          done={words.removed}
          isDangerous
          typed={operator.code}
          onClose={close}
          act={async () => {
            await removeOperator(operator.code);
            void navigate({ to: "/operators" });
            return "done";
          }}
        />
      )}
    </Page>
  );
}

function ChannelCard({ channel }: { channel: Channel }) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const health = useHealth(channel.code);
  const now = health.data;
  const [act, setAct] = useState<ChannelAct | null>(null);
  const mayEdit = may("Operators:edit", { scoped: true });
  const button = (each: ChannelAct, label: string) => (
    <Button className="small" onPress={() => setAct(each)}>
      {label}
    </Button>
  );
  return (
    <Card
      title={channel.name}
      acts={
        <span className="row">
          <Badge tone={channel.is_active ? "good" : "neutral"}>
            {channel.is_active ? text.active : text.off}
          </Badge>
          {now?.breaker && <Badge tone="bad">{text.suspended}</Badge>}
        </span>
      }
    >
      <div className="stack">
        {now?.breaker && (
          <p className="muted">
            {text.suspendedLead(now.breaker.failures)} <Instant at={now.breaker.opened_at} />
          </p>
        )}
        {channel.pause_reason !== null && <p className="muted">{channel.pause_reason}</p>}
        {channel.pending_url !== null && (
          <div className="note warn stack">
            <p>
              {text.pendingAddress}: <code>{channel.pending_url}</code>
            </p>
            {mayEdit && (
              <span className="row">
                {button("approve", text.approve)}
                {button("reject", text.reject)}
              </span>
            )}
          </div>
        )}
        <Facts
          facts={[
            [text.channelName, channel.code],
            [text.address, channel.url ?? <Nothing key="none" />],
            [text.priority, channel.priority],
            [text.weight, channel.weight],
            [text.commission, `${(channel.commission_basis_points / 100).toFixed(2)} %`],
            [
              text.limits,
              `${formatPaise(paiseOf(channel.min_amount))} – ${formatPaise(paiseOf(channel.max_amount))}`,
            ],
            [text.success, now?.success_percent == null ? null : `${now.success_percent} %`],
            [text.slow, now?.slow_seconds == null ? null : `${now.slow_seconds} s`],
            [text.balance, now?.balance?.amount == null ? null : formatPaise(paiseOf(now.balance.amount))],
          ]}
        />
        {health.error && <ProblemNote error={health.error} onRetry={() => void health.refetch()} />}
        <span className="row">
          {mayEdit && button("edit", words.edit)}
          {mayEdit && button("share", text.share)}
          {mayEdit && button("secrets", text.secrets)}
          {may("Operators:delete", { scoped: true }) && button("remove", words.remove)}
        </span>
      </div>
      {act !== null && <ChannelActs channel={channel} act={act} onClose={() => setAct(null)} />}
    </Card>
  );
}
