/// One admin: the role and what it allows, the second factor, the sessions, and what may be done.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { codesOf, ReasonField } from "#ui/fields.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { Loaded, LoadedPage } from "#ui/loaded.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Phone, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { RoleFields } from "./admin_list.tsx";
import { type AdminWhole, useActs, useAdminOf, useFactor, useSessions } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

type Act = "edit" | "role" | "block" | "unblock" | "open" | "factor" | "sessions" | "archive";

export function AdminDetail() {
  const text = useText();
  const { adminId } = detailRoute.useParams();
  return (
    <LoadedPage query={useAdminOf(adminId)} title={text.title}>
      {(admin) => <Whole admin={admin} />}
    </LoadedPage>
  );
}

function Whole({ admin }: { admin: AdminWhole }) {
  const text = useText();
  const words = useWords();
  const me = useAdmin();
  const may = useMay();
  const [act, setAct] = useState<Act | null>(null);
  // Nobody changes their own role, or ends their own account.
  const isOther = admin.admin_id !== me.admin_id && admin.status !== "archived";
  const mayEdit = may("Admins:edit") && isOther;
  return (
    <Page
      title={admin.name}
      lead={
        <>
          <span>{admin.role}</span>
          <Badge tone={TONES[admin.status]}>{text.statuses[admin.status]}</Badge>
        </>
      }
      acts={
        <>
          {mayEdit && (
            <>
              <Button onPress={() => setAct("edit")}>{words.edit}</Button>
              <Button onPress={() => setAct("role")}>{text.giveRole}</Button>
              {admin.status === "active" ? (
                <Button onPress={() => setAct("block")}>{text.block}</Button>
              ) : (
                <Button onPress={() => setAct("unblock")}>{text.unblock}</Button>
              )}
            </>
          )}
          {isOther && may("Admins:delete") && (
            <Button onPress={() => setAct("archive")}>{text.archive}</Button>
          )}
        </>
      }
    >
      <div className="split">
        <div className="stack">
          <Card title={text.account}>
            <Facts
              facts={[
                [text.number, <Phone key="phone" number={admin.phone_number} />],
                [text.email, admin.email],
                [words.operators, admin.operator_scope.join(", ") || words.all],
                [words.language, words.languages[admin.language]],
                [words.since, <Instant key="since" at={admin.created_at} />],
                [text.adminId, <Reference key="id" value={admin.admin_id} short />],
              ]}
            />
          </Card>
          <Card title={text.allowed}>
            <p className="muted">{admin.permissions.join(", ") || words.none}</p>
          </Card>
        </div>
        <div className="stack">
          <FactorCard admin={admin} mayEdit={mayEdit} onAct={setAct} />
          {/* One's own are in one's account: the API refuses them here. */}
          {may("Sessions:read") && isOther && <SessionsCard id={admin.admin_id} onAct={setAct} />}
        </div>
      </div>
      {act && <ActOn admin={admin} act={act} onClose={() => setAct(null)} />}
    </Page>
  );
}

interface CardProps {
  onAct: (act: Act) => void;
}

function FactorCard({ admin, mayEdit, onAct }: CardProps & { admin: AdminWhole; mayEdit: boolean }) {
  const text = useText();
  const words = useWords();
  const factor = useFactor(admin.admin_id);
  return (
    <Card title={text.factor}>
      <Loaded query={factor} lines={2}>
        {(now) => (
          <>
            <Facts
              facts={[
                [words.status, now.enrolled ? text.enrolled : text.notEnrolled],
                [words.since, <Instant key="since" at={now.confirmed_at} />],
                [text.codesLeft, now.recovery_codes_left],
                now.locked_until !== null && [text.locked, <Instant key="locked" at={now.locked_until} />],
              ]}
            />
            {mayEdit && (
              <div className="row">
                {now.enrolled && <Button onPress={() => onAct("factor")}>{text.resetFactor}</Button>}
                <Button onPress={() => onAct("open")}>{text.openSignIn}</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function SessionsCard({ id, onAct }: CardProps & { id: string }) {
  const text = useText();
  const mayEnd = useMay()("Sessions:delete");
  const sessions = useSessions(id, true);
  return (
    <Card title={text.sessions}>
      <Loaded query={sessions} lines={2}>
        {(rows) => (
          <>
            <ul className="work-list">
              {rows.map((row) => (
                <li key={row.session_id}>
                  <span className="row between line">
                    <span>
                      {row.device || "–"} <span className="muted">{row.address}</span>
                    </span>
                    <span className="muted">
                      <Instant at={row.last_used_at} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
            {rows.length === 0 && <p className="muted">{text.noSessions}</p>}
            {rows.length > 0 && mayEnd && (
              <Button onPress={() => onAct("sessions")}>{text.endSessions}</Button>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

const shown = ({ name, email, phone_number }: AdminWhole) => ({ name, email, phone_number });

function ActOn({ admin, act, onClose }: { admin: AdminWhole; act: Act; onClose: () => void }) {
  const text = useText();
  const navigate = useNavigate();
  const acts = useActs();
  const id = admin.admin_id;
  if (act === "edit") return <EditAdmin admin={admin} onClose={onClose} />;
  if (act === "role") return <RoleDialog admin={admin} onClose={onClose} />;
  const run: Record<Exclude<Act, "edit" | "role">, (reason: string) => Promise<unknown>> = {
    block: (reason) => acts.block(admin, reason),
    unblock: () => acts.unblock(admin),
    open: (reason) => acts.openSignIn(id, reason),
    factor: () => acts.resetFactor(id),
    sessions: () => acts.endSessions(id),
    archive: async () => {
      await acts.archive(id);
      void navigate({ to: "/admins" });
    },
  };
  const { title, lead, done } = text.acts[act];
  return (
    <Confirm
      title={title}
      label={title}
      lead={lead}
      done={done}
      isDangerous={act !== "unblock" && act !== "open"}
      reason={act === "block" || act === "open" ? "reason" : null}
      {...(act === "archive" ? { typed: admin.name } : {})}
      onClose={onClose}
      act={async (reason) => {
        await run[act](reason);
        return "done";
      }}
    />
  );
}

function EditAdmin({ admin, onClose }: { admin: AdminWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { update } = useActs();
  const read = (values: Values) => ({
    name: values.name ?? "",
    email: values.email ?? "",
    phone_number: (values.phone_number ?? "").replaceAll(" ", ""),
  });
  return (
    <EditDialog
      title={words.edit}
      thing={admin}
      shown={shown}
      onClose={onClose}
      save={async (values, started, etag) => {
        const changes = onlyChanged(read(values), shown(started));
        const outcome = await update(admin.admin_id, etag, { ...changes, reason: values.reason ?? "" });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : words.saved);
      }}
    >
      <TextField name="name" label={words.name} defaultValue={admin.name} isRequired />
      <div className="fields">
        <TextField name="phone_number" label={text.number} defaultValue={admin.phone_number} isRequired />
        <TextField name="email" label={text.email} defaultValue={admin.email} isRequired />
      </div>
      <ReasonField />
    </EditDialog>
  );
}

function RoleDialog({ admin, onClose }: { admin: AdminWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { grant } = useActs();
  return (
    <ActDialog
      title={text.giveRole}
      submitLabel={text.giveRole}
      onClose={onClose}
      act={async (values) => {
        const outcome = await grant(admin.admin_id, admin.etag, {
          role: values.role ?? "",
          operator_scope: codesOf(values, "operator_scope"),
          reason: values.reason ?? "",
        });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : words.saved);
      }}
    >
      <p className="muted">{text.roleLead}</p>
      <RoleFields role={admin.role} scope={admin.operator_scope} />
      <ReasonField />
    </ActDialog>
  );
}
