/// What the staff do with a channel: its terms, our share, its address, its secrets, its end.
import { useState } from "react";
import { parsePaise } from "#shared/money.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { wrongAt } from "#ui/fields.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Facts } from "#ui/layout.tsx";
import { Instant, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { EditChannelDialog } from "./channel_form.tsx";
import { type Channel, type Secrets, useChannelActs } from "./queries.ts";
import { useText } from "./text.ts";

export type ChannelAct = "edit" | "share" | "approve" | "reject" | "secrets" | "remove";

interface ActProps {
  channel: Channel;
  onClose: () => void;
}

export function ChannelActs({ act, ...rest }: ActProps & { act: ChannelAct }) {
  if (act === "edit") return <EditChannelDialog {...rest} />;
  if (act === "share") return <ShareDialog {...rest} />;
  if (act === "secrets") return <SecretsDialog {...rest} />;
  if (act === "remove") return <RemoveDialog {...rest} />;
  return <AddressDialog {...rest} isApproval={act === "approve"} />;
}

/// `3` or `2.75` per cent as basis points: a share has as many decimals as rupees have.
export function basisPointsOf(typed: string): number | null {
  return parsePaise(typed.replace("%", ""));
}

function ShareDialog({ channel, onClose }: ActProps) {
  const text = useText();
  const { share } = useChannelActs();
  return (
    <Confirm
      title={`${text.share}: ${channel.name}`}
      label={text.share}
      lead={text.shareLead}
      done={text.shareDone}
      onClose={onClose}
      act={async (_reason, _key, values) => {
        const points = basisPointsOf(values.commission_basis_points ?? "");
        if (points === null) throw wrongAt("commission_basis_points", text.shareInvalid);
        return share(channel, points);
      }}
    >
      <TextField
        name="commission_basis_points"
        label={text.shareLabel}
        defaultValue={(channel.commission_basis_points / 100).toFixed(2)}
        inputMode="decimal"
        isRequired
        className="figures"
      />
    </Confirm>
  );
}

function AddressDialog({ channel, isApproval, onClose }: ActProps & { isApproval: boolean }) {
  const text = useText();
  const { approve, reject } = useChannelActs();
  // The one that the person reads: another one that comes meanwhile is refused.
  const [url] = useState(channel.pending_url ?? "");
  return (
    <Confirm
      title={isApproval ? text.approve : text.reject}
      label={isApproval ? text.approve : text.reject}
      lead={isApproval ? text.approveLead : text.rejectLead}
      done={isApproval ? text.approved : text.rejected}
      isDangerous
      {...(isApproval ? { typed: channel.code } : {})}
      onClose={onClose}
      act={async () => {
        await (isApproval ? approve(channel, url) : reject(channel));
        return "done";
      }}
    >
      <p>
        <code>{url}</code>
      </p>
    </Confirm>
  );
}

function SecretsDialog({ channel, onClose }: ActProps) {
  const text = useText();
  const words = useWords();
  const { rotate } = useChannelActs();
  const [secrets, setSecrets] = useState<Secrets | null>(null);
  if (secrets) {
    return (
      <Dialog title={text.secretsTitle(channel.name)} isOpen onClose={onClose}>
        <div className="form">
          <p className="note warn">
            {text.secretsOnce} <Instant at={secrets.previous_until} />
          </p>
          <Facts
            facts={[
              [text.requestsKey, <Reference key="requests" value={secrets.requests_key} />],
              [text.callbacksKey, <Reference key="callbacks" value={secrets.callbacks_key} />],
            ]}
          />
          <footer>
            <Button kind="primary" onPress={onClose}>
              {words.close}
            </Button>
          </footer>
        </div>
      </Dialog>
    );
  }
  return (
    <ActDialog
      title={text.secretsTitle(channel.name)}
      submitLabel={text.secrets}
      isDangerous
      typed={channel.code}
      onClose={onClose}
      act={async () => setSecrets(await rotate(channel))}
    >
      <p className="muted">{text.secretsLead}</p>
    </ActDialog>
  );
}

function RemoveDialog({ channel, onClose }: ActProps) {
  const text = useText();
  const words = useWords();
  const { remove } = useChannelActs();
  return (
    <Confirm
      title={`${words.remove}: ${channel.name}`}
      label={words.remove}
      lead={text.removeChannelLead}
      done={words.removed}
      isDangerous
      typed={channel.code}
      onClose={onClose}
      act={async () => {
        await remove(channel);
        return "done";
      }}
    />
  );
}
