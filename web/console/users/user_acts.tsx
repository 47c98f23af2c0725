/// What the staff do with an account.
import { useNavigate } from "@tanstack/react-router";
import { Confirm } from "#ui/confirm.tsx";
import { Check } from "#ui/fields.tsx";
import { type User, useMayOf, useUserActs } from "./queries.ts";
import { useText } from "./text.ts";

export type Act =
  | "block"
  | "unblock"
  | "reactivate"
  | "deactivate"
  | "type"
  | "tier"
  | "signIn"
  | "sessions"
  | "close";
/// These are hard to undo.
const DANGEROUS = new Set<Act>(["block", "deactivate", "sessions", "close"]);
/// The API keeps no reason for these.
const WITHOUT_REASON = new Set<Act>(["type", "sessions"]);

/// What may be done with an account as it stands.
export function useActsOf(user: User): Act[] {
  const may = useMayOf();
  if (user.status === "archived") return [];
  const acts: [Act, boolean][] = [
    ["block", may.edit && user.status === "active"],
    ["unblock", may.edit && user.status === "blocked"],
    ["reactivate", may.edit && user.status === "deactivated"],
    ["deactivate", may.edit && user.status === "active"],
    ["type", may.edit && user.status === "active"],
    ["tier", may.tier && user.status === "active"],
    ["signIn", may.edit],
    ["sessions", may.endSessions],
    ["close", may.close],
  ];
  return acts.filter(([, isPossible]) => isPossible).map(([act]) => act);
}

export function ActDialogOf({ user, act, onClose }: { user: User; act: Act; onClose: () => void }) {
  const text = useText();
  const navigate = useNavigate();
  const acts = useUserActs(user);
  const name = user.name ?? user.phone_number;
  const { title, lead, done } = text.acts[act];
  return (
    <Confirm
      title={title(name)}
      label={text.actLabels[act]}
      lead={lead}
      done={done}
      isDangerous={DANGEROUS.has(act)}
      reason={WITHOUT_REASON.has(act) ? null : "reason"}
      {...(act === "close" ? { typed: user.phone_number.slice(-4) } : {})}
      onClose={onClose}
      act={async (reason, _key, values) => {
        await acts[act](reason, values.payout === "on");
        if (act === "close") void navigate({ to: "/customers" });
        return "done";
      }}
    >
      {act === "close" && <Check name="payout" label={text.payout} />}
    </Confirm>
  );
}
