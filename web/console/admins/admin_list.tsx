/// All admins.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { parsePhone } from "#shared/phone.ts";
import { Button, Select, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { codesOf, ReasonField, wrongAt } from "#ui/fields.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Nothing, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Admin, useActs, useAdmins, useRoles } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function AdminList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useAdmins(filters);
  const may = useMay();
  const roles = useRoles(may("Roles:read"));
  const [isNew, setIsNew] = useState(false);
  const place = (row: Admin) => ({ adminId: row.admin_id });
  return (
    <Page
      title={text.title}
      acts={
        may("Admins:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.appoint}
          </Button>
        )
      }
    >
      <Filters
        values={filters}
        texts={[{ name: "search", label: words.name }]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          {
            name: "role",
            label: text.role,
            options: (roles.data ?? []).map(({ name }) => ({ id: name, label: name })),
          },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.admin_id}
        onOpen={(row) => void navigate({ to: "/admins/$adminId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("name", words.name, (row) => (
            <Link to="/admins/$adminId" params={place(row)}>
              {row.name}
            </Link>
          )),
          column("role", text.role, (row) => row.role ?? <Nothing />),
          column("scope", words.operators, (row) => row.operator_scope.join(", ") || words.all, "minor"),
          column("phone", text.number, (row) => <Phone number={row.phone_number} />, "minor"),
          column("email", text.email, (row) => row.email, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
        ]}
      />
      {isNew && <AppointDialog onClose={() => setIsNew(false)} />}
    </Page>
  );
}

export function RoleFields({ role, scope }: { role?: string | null; scope?: string[] }) {
  const text = useText();
  const words = useWords();
  const roles = useRoles(useMay()("Roles:read"));
  const options = (roles.data ?? []).map(({ name }) => ({ id: name, label: name }));
  return (
    <div className="fields">
      {options.length > 0 ? (
        <Select name="role" label={text.role} options={options} defaultValue={role ?? options[0]?.id ?? ""} />
      ) : (
        <TextField name="role" label={text.role} defaultValue={role ?? ""} isRequired />
      )}
      <TextField
        name="operator_scope"
        label={words.operators}
        hint={text.scopeHint}
        placeholder="JIO, VI"
        defaultValue={scope?.join(", ") ?? ""}
      />
    </div>
  );
}

function AppointDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { appoint } = useActs();
  return (
    <ActDialog
      title={text.appoint}
      submitLabel={text.appoint}
      onClose={onClose}
      act={async (values) => {
        const number = parsePhone(values.phone_number ?? "");
        if (number === null) throw wrongAt("phone_number", text.numberInvalid);
        const outcome = await appoint({
          name: values.name ?? "",
          email: values.email ?? "",
          phone_number: number,
          role: values.role ?? "",
          operator_scope: codesOf(values, "operator_scope"),
          reason: values.reason ?? "",
        });
        onClose();
        toast(outcome === "waits" ? words.secondAdmin : text.appointed);
      }}
    >
      <TextField name="name" label={words.name} isRequired maxLength={100} autoFocus />
      <div className="fields">
        <TextField name="phone_number" label={text.number} inputMode="tel" isRequired />
        <TextField name="email" label={text.email} type="email" isRequired />
      </div>
      <RoleFields />
      <ReasonField />
    </ActDialog>
  );
}
