/// Changes of a customer's name, address and number; their data as a file; one session; what the wallet held.
import { useState } from "react";
import { parsePhone } from "#shared/phone.ts";
import { saveFile } from "#ui/api.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { EditDialog } from "#ui/edit.tsx";
import { instantOf, MomentField, wrongAt } from "#ui/fields.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { toast } from "#ui/toasts.tsx";
import { Money } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type User, type UserSession, useBalanceAt, useChanges, useMayOf } from "./queries.ts";
import { useText } from "./text.ts";

interface DialogProps {
  user: User;
  onClose: () => void;
}

const nameOf = (user: User) => user.name ?? user.phone_number;

/// The buttons of the account's own data.
export function AccountActs({ user }: { user: User }) {
  const text = useText();
  const may = useMayOf();
  const [act, setAct] = useState<"name" | "email" | "phone" | null>(null);
  const close = () => setAct(null);
  if (!may.edit || user.status === "archived") return null;
  return (
    <span className="row">
      <Button className="small" onPress={() => setAct("name")}>
        {text.rename}
      </Button>
      <Button className="small" onPress={() => setAct("email")}>
        {text.actLabels.email}
      </Button>
      <Button className="small" onPress={() => setAct("phone")}>
        {text.actLabels.phone}
      </Button>
      {act === "name" && <NameDialog user={user} onClose={close} />}
      {act === "email" && <EmailDialog user={user} onClose={close} />}
      {act === "phone" && <PhoneDialog user={user} onClose={close} />}
    </span>
  );
}

function NameDialog({ user, onClose }: DialogProps) {
  const text = useText();
  const words = useWords();
  const { rename } = useChanges(user);
  return (
    <EditDialog
      title={text.rename}
      thing={user}
      shown={({ name }) => ({ name })}
      onClose={onClose}
      save={async ({ name = "" }, _started, etag) => {
        await rename(name, etag);
        onClose();
        toast(words.saved);
      }}
    >
      <TextField name="name" label={text.name} defaultValue={user.name ?? ""} isRequired maxLength={200} />
    </EditDialog>
  );
}

function EmailDialog({ user, onClose }: DialogProps) {
  const text = useText();
  const { email } = useChanges(user);
  const { title, lead, done } = text.acts.email;
  return (
    <Confirm
      title={title(nameOf(user))}
      label={text.actLabels.email}
      lead={lead}
      done={done}
      isDangerous
      reason="reason"
      onClose={onClose}
      act={(reason, _key, values) => email((values.email ?? "").trim(), reason)}
    >
      <TextField name="email" type="email" label={text.newEmail} isRequired autoComplete="off" />
    </Confirm>
  );
}

function PhoneDialog({ user, onClose }: DialogProps) {
  const text = useText();
  const { phone } = useChanges(user);
  const { title, lead, done } = text.acts.phone;
  return (
    <Confirm
      title={title(nameOf(user))}
      label={text.actLabels.phone}
      lead={lead}
      done={done}
      isDangerous
      typed={user.phone_number.slice(-4)}
      reason="reason"
      onClose={onClose}
      act={async (reason, _key, values) => {
        const number = parsePhone(values.phone_number ?? "");
        if (!number) throw wrongAt("phone_number", text.phoneInvalid);
        return phone(number, reason);
      }}
    >
      <TextField
        name="phone_number"
        type="tel"
        label={text.newPhone}
        placeholder="98765 43210"
        isRequired
        autoComplete="off"
        className="figures"
      />
    </Confirm>
  );
}

export function ExportDialog({ user, onClose }: DialogProps) {
  const text = useText();
  const changes = useChanges(user);
  const { title, lead, done } = text.acts.export;
  return (
    <Confirm
      title={title(nameOf(user))}
      label={text.actLabels.export}
      lead={lead}
      done={done}
      onClose={onClose}
      act={async () => {
        saveFile(await changes.export(), `customer-${user.user_id}.json`);
        return "done";
      }}
    />
  );
}

export function EndSessionDialog({ user, session, onClose }: DialogProps & { session: UserSession }) {
  const text = useText();
  const { endSession } = useChanges(user);
  return (
    <Confirm
      title={text.endSessionTitle(session.device || text.thisDevice)}
      label={text.endSession}
      lead={text.endSessionLead}
      done={text.sessionEnded}
      isDangerous
      onClose={onClose}
      act={async () => {
        await endSession(session);
        return "done";
      }}
    />
  );
}

export function BalanceAt({ userId }: { userId: string }) {
  const text = useText();
  const [typed, setTyped] = useState("");
  const { data: balance, error, refetch } = useBalanceAt(userId, instantOf({ typed }, "typed"));
  return (
    <div className="form">
      <MomentField label={text.balanceAt} value={typed} onChange={setTyped} />
      {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
      {balance && typed !== "" && (
        <dl className="figures-grid">
          <div className="figure">
            <dt>{text.balance}</dt>
            <dd>
              <Money rupees={balance.available} />
            </dd>
          </div>
          <div className="figure">
            <dt>{text.held}</dt>
            <dd>
              <Money rupees={balance.held} />
            </dd>
          </div>
          <div className="figure">
            <dt>{text.posted}</dt>
            <dd>
              <Money rupees={balance.posted} />
            </dd>
          </div>
        </dl>
      )}
    </div>
  );
}
