/// All customers, by what one knows about them.
import { Link, useNavigate } from "@tanstack/react-router";
import { parsePhone } from "#shared/phone.ts";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Nothing, Phone } from "#ui/values.tsx";
import { type User, useUsers } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function UserList() {
  const text = useText();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useUsers(filters);
  const columns: Column<User>[] = [
    {
      id: "name",
      header: text.name,
      cell: (user) => (
        <Link to="/customers/$userId" params={{ userId: user.user_id }}>
          {user.name ?? text.unnamed}
        </Link>
      ),
    },
    { id: "phone", header: text.phone, cell: (user) => <Phone number={user.phone_number} /> },
    { id: "email", header: text.email, cell: (user) => user.email ?? <Nothing />, isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (user) => <Badge tone={TONES[user.status]}>{text.statuses[user.status]}</Badge>,
    },
    { id: "type", header: text.type, cell: (user) => text.types[user.user_type], isMinor: true },
    { id: "tier", header: text.tier, cell: (user) => text.tiers[user.kyc_tier], isMinor: true },
    {
      id: "joined",
      header: text.joined,
      cell: (user) => <Instant at={user.created_at} day />,
      align: "end",
      isMinor: true,
    },
  ];
  const options = (words: Record<string, string>, ids: string[]) =>
    ids.map((id) => ({ id, label: words[id] ?? id }));
  return (
    <Page title={text.title} lead={<Link to="/customers/closed">{text.closed}</Link>}>
      <Filters
        values={filters}
        texts={[
          { name: "search", label: text.nameFilter },
          {
            name: "phone_number",
            label: text.phone,
            placeholder: "98765 43210",
            read: (typed) => parsePhone(typed) ?? undefined,
          },
        ]}
        choices={[
          {
            name: "status",
            label: text.status,
            options: options(text.statuses, ["active", "blocked", "deactivated"]),
          },
          { name: "user_type", label: text.type, options: options(text.types, ["prepaid", "postpaid"]) },
          { name: "kyc_tier", label: text.tier, options: options(text.tiers, ["small", "full"]) },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(user) => user.user_id}
        onOpen={(user) => void navigate({ to: "/customers/$userId", params: { userId: user.user_id } })}
        empty={<Empty title={text.empty} />}
      />
    </Page>
  );
}
