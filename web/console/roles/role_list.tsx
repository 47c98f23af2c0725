/// Roles beside each other: who may do what.
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { EditDialog } from "#ui/edit.tsx";
import { Check, chosenOf, ReasonField } from "#ui/fields.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type PermissionGroup, type Role, useActs, usePermissions, useRoles } from "./queries.ts";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const ACTIONS = ["read", "write", "edit", "delete"] as const;

const read = (values: Values) => ({
  name: values.name ?? "",
  description: values.description ?? "",
  permissions: chosenOf(values, "p"),
  reason: values.reason ?? "",
});
const shown = ({ name, description, permissions }: Role) => ({
  name,
  description,
  permissions: [...permissions].sort(),
});

export function RoleList() {
  const text = useText();
  const roles = useRoles();
  const permissions = usePermissions();
  const may = useMay();
  const [isNew, setIsNew] = useState(false);
  const [chosen, setChosen] = useState<{ id: string; act: "edit" | "remove" } | null>(null);
  const role = roles.data?.find((each) => each.role_id === chosen?.id);
  return (
    <Page
      title={text.title}
      lead={text.lead}
      acts={
        may("Roles:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.create}
          </Button>
        )
      }
    >
      <Loaded query={roles} lines={10}>
        {(rows) => (
          <Loaded query={permissions} lines={10}>
            {(groups) => (
              <Matrix
                roles={rows}
                groups={groups}
                onChoose={(each, act) => setChosen({ id: each.role_id, act })}
              />
            )}
          </Loaded>
        )}
      </Loaded>
      {isNew && <RoleDialog groups={permissions.data ?? []} onClose={() => setIsNew(false)} />}
      {role && chosen?.act === "edit" && (
        <EditRole role={role} groups={permissions.data ?? []} onClose={() => setChosen(null)} />
      )}
      {role && chosen?.act === "remove" && <RemoveRole role={role} onClose={() => setChosen(null)} />}
    </Page>
  );
}

interface MatrixProps {
  roles: Role[];
  groups: PermissionGroup[];
  onChoose: (role: Role, act: "edit" | "remove") => void;
}

/// For each resource and role the first letters of what it allows, with the words for a screen reader.
function Matrix({ roles, groups, onChoose }: MatrixProps) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const { role: own } = useAdmin();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <div className="table-scroll" tabIndex={0} role="group" aria-label={text.title}>
      <table className="data matrix">
        <thead>
          <tr>
            <th scope="col">{text.resource}</th>
            {roles.map((role) => (
              <th scope="col" key={role.role_id}>
                {role.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{text.admins}</th>
            {roles.map((role) => (
              <td key={role.role_id}>
                <Link to="/admins" search={{ role: role.name }}>
                  {role.admins}
                </Link>
              </td>
            ))}
          </tr>
          {groups.map((group) => (
            <tr key={group.resource}>
              <th scope="row">{group.resource}</th>
              {roles.map((role) => (
                <td key={role.role_id}>
                  <Cell role={role} resource={group.resource} />
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{words.actions}</th>
            {roles.map((role) => (
              <td key={role.role_id}>
                {/* The API refuses changes of one's own role. */}
                {role.name !== own && (
                  <span className="row">
                    {may("Roles:edit") && (
                      <Button className="small" onPress={() => onChoose(role, "edit")}>
                        {words.edit}
                      </Button>
                    )}
                    {may("Roles:delete") && !role.seeded && role.admins === 0 && (
                      <Button className="small" onPress={() => onChoose(role, "remove")}>
                        {words.remove}
                      </Button>
                    )}
                  </span>
                )}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Cell({ role, resource }: { role: Role; resource: string }) {
  const text = useText();
  const allowed = ACTIONS.filter((each) => role.permissions.includes(`${resource}:${each}`));
  if (allowed.length === 0) return <span className="nothing">–</span>;
  return <span>{allowed.map((each) => text.actions[each]).join(", ")}</span>;
}

function Permissions({ groups, chosen = [] }: { groups: PermissionGroup[]; chosen?: string[] }) {
  return (
    <div className="permissions">
      {groups.map((group) => (
        <Fragment key={group.resource}>
          <h3>{group.resource}</h3>
          <div className="checks">
            {group.permissions.map((each) => (
              <Check
                key={each.permission}
                name={`p:${each.permission}`}
                label={each.description}
                isOn={chosen.includes(each.permission)}
              />
            ))}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

function RoleDialog({ groups, onClose }: { groups: PermissionGroup[]; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { create } = useActs();
  return (
    <ActDialog
      title={text.create}
      submitLabel={words.create}
      onClose={onClose}
      act={async (values) => {
        const outcome = await create(read(values));
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : words.created);
      }}
    >
      <TextField name="name" label={words.name} isRequired maxLength={60} autoFocus />
      <TextField name="description" label={words.description} maxLength={300} />
      <Permissions groups={groups} />
      <ReasonField />
    </ActDialog>
  );
}

interface EditRoleProps {
  role: Role;
  groups: PermissionGroup[];
  onClose: () => void;
}

function EditRole({ role, groups, onClose }: EditRoleProps) {
  const words = useWords();
  const { replace } = useActs();
  return (
    <EditDialog
      title={role.name}
      thing={role}
      shown={shown}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        // A role is replaced whole, so what another admin has changed meanwhile is taken over here.
        const wanted = read(values);
        const added = wanted.permissions.filter((each) => !started.permissions.includes(each));
        const taken = started.permissions.filter((each) => !wanted.permissions.includes(each));
        const kept = role.permissions.filter((each) => !taken.includes(each));
        const outcome = await replace(role.role_id, etag, {
          ...wanted,
          permissions: [...new Set([...kept, ...added])],
        });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : words.saved);
      }}
    >
      <TextField name="name" label={words.name} defaultValue={role.name} isRequired maxLength={60} />
      <TextField name="description" label={words.description} defaultValue={role.description} />
      <Permissions groups={groups} chosen={role.permissions} />
      <ReasonField />
    </EditDialog>
  );
}

function RemoveRole({ role, onClose }: { role: Role; onClose: () => void }) {
  const words = useWords();
  const text = useText();
  const { remove } = useActs();
  return (
    <Confirm
      title={text.removeTitle(role.name)}
      label={words.remove}
      lead={words.removeLead}
      done={words.removed}
      isDangerous
      typed={role.name}
      onClose={onClose}
      act={async () => {
        await remove(role.role_id);
        return "done";
      }}
    />
  );
}
