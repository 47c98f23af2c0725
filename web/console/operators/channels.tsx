/// The channels of an operator, and how each of them does.
import { formatPaise, paiseOf } from "#shared/money.ts";
import { Dialog } from "#ui/dialog.tsx";
import { Facts, Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { type Channel, type Operator, useChannels, useHealth } from "./queries.ts";
import { useText } from "./text.ts";

/// What is not known yet.
const NOTHING = "–";

export function ChannelsDialog({ operator, onClose }: { operator: Operator; onClose: () => void }) {
  const text = useText();
  const channels = useChannels(operator.code);
  return (
    <Dialog
      title={`${operator.display_name}: ${text.channelsTitle}`}
      isOpen
      onClose={onClose}
      className="wide"
    >
      {channels.isPending && <Skeleton lines={3} />}
      {channels.error && <ProblemNote error={channels.error} onRetry={() => void channels.refetch()} />}
      {channels.data?.length === 0 && <p className="muted">{text.noChannels}</p>}
      {channels.data?.map((channel) => (
        <ChannelFacts key={channel.code} channel={channel} />
      ))}
    </Dialog>
  );
}

function ChannelFacts({ channel }: { channel: Channel }) {
  const text = useText();
  const health = useHealth(channel.code);
  const now = health.data;
  return (
    <section className="stack">
      <h3 className="row">
        {channel.name}
        <Badge tone={channel.is_active ? "good" : "neutral"}>
          {channel.is_active ? text.active : text.off}
        </Badge>
        {channel.pending_url !== null && <Badge tone="warn">{text.waits}</Badge>}
        {now?.breaker && <Badge tone="bad">{text.suspended}</Badge>}
      </h3>
      {now?.breaker && (
        <p className="muted">
          {text.suspendedLead(now.breaker.failures)} <Instant at={now.breaker.opened_at} />
        </p>
      )}
      {now?.pause_reason && <p className="muted">{now.pause_reason}</p>}
      <Facts
        facts={[
          [text.channelName, channel.code],
          [text.priority, channel.priority],
          [text.weight, channel.weight],
          [text.commission, `${(channel.commission_basis_points / 100).toFixed(2)} %`],
          [
            text.limits,
            `${formatPaise(paiseOf(channel.min_amount))} – ${formatPaise(paiseOf(channel.max_amount))}`,
          ],
          [text.success, now?.success_percent == null ? NOTHING : `${now.success_percent} %`],
          [text.slow, now?.slow_seconds == null ? NOTHING : `${now.slow_seconds} s`],
          [text.balance, now?.balance?.amount == null ? NOTHING : formatPaise(paiseOf(now.balance.amount))],
        ]}
      />
      {health.error && <ProblemNote error={health.error} onRetry={() => void health.refetch()} />}
    </section>
  );
}
