/// All recharges, the newest first, by what one knows about them.
import { Link, useNavigate } from "@tanstack/react-router";
import { parsePhone } from "#shared/phone.ts";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing, Phone } from "#ui/values.tsx";
import { type Recharge, useRecharges } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function RechargeList() {
  const text = useText();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useRecharges(filters);
  const place = (row: Recharge) => ({ userId: row.user_id, rechargeId: row.recharge_id });
  const columns: Column<Recharge>[] = [
    {
      id: "plan",
      header: text.plan,
      cell: (row) => (
        <Link to="/recharges/$userId/$rechargeId" params={place(row)}>
          {row.plan_name}
        </Link>
      ),
    },
    { id: "phone", header: text.phone, cell: (row) => <Phone number={row.phone_number} /> },
    { id: "customer", header: text.customer, cell: (row) => row.user?.name ?? <Nothing />, isMinor: true },
    { id: "operator", header: text.operator, cell: (row) => row.operator, isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (row) => <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>,
    },
    { id: "method", header: text.method, cell: (row) => text.methods[row.payment_method], isMinor: true },
    { id: "paid", header: text.paid, cell: (row) => <Money rupees={row.total_paid} />, align: "end" },
    {
      id: "at",
      header: text.at,
      cell: (row) => <Instant at={row.created_at} />,
      align: "end",
      isMinor: true,
    },
  ];
  return (
    <Page title={text.title}>
      <Filters
        values={filters}
        texts={[
          {
            name: "phone_number",
            label: text.phone,
            placeholder: "98765 43210",
            read: (typed) => parsePhone(typed) ?? undefined,
          },
          { name: "reference", label: text.reference },
          {
            name: "operator",
            label: text.operator,
            placeholder: "JIO",
            read: (typed) => typed.toUpperCase(),
          },
        ]}
        choices={[
          { name: "status", label: text.status, options: optionsOf(text.statuses) },
          { name: "payment_method", label: text.method, options: optionsOf(text.methods) },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(row) => row.recharge_id}
        onOpen={(row) => void navigate({ to: "/recharges/$userId/$rechargeId", params: place(row) })}
        empty={<Empty title={text.empty} />}
      />
    </Page>
  );
}
