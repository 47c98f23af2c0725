/// All payments through the gateway, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing } from "#ui/values.tsx";
import { type Payment, usePayments } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function PaymentList() {
  const text = useText();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = usePayments(filters);
  const place = (row: Payment) => ({ userId: row.user_id, paymentId: row.payment_id });
  const methods: Record<string, string> = text.methods;
  const columns: Column<Payment>[] = [
    {
      id: "payment",
      header: text.payment,
      cell: (row) => (
        <Link to="/payments/$userId/$paymentId" params={place(row)}>
          {row.order_id ?? row.payment_id.slice(0, 8)}
        </Link>
      ),
    },
    { id: "customer", header: text.customer, cell: (row) => row.user?.name ?? <Nothing /> },
    { id: "purpose", header: text.purpose, cell: (row) => row.purpose.replaceAll("_", " "), isMinor: true },
    {
      id: "status",
      header: text.status,
      cell: (row) => <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>,
    },
    {
      id: "method",
      header: text.method,
      cell: (row) => methods[row.payment_method] ?? row.payment_method,
      isMinor: true,
    },
    { id: "amount", header: text.amount, cell: (row) => <Money rupees={row.amount} />, align: "end" },
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
        texts={[{ name: "reference", label: text.reference }]}
        choices={[
          { name: "status", label: text.status, options: optionsOf(text.statuses) },
          { name: "payment_method", label: text.method, options: optionsOf(text.methods) },
        ]}
      />
      <DataTable
        label={text.title}
        columns={columns}
        list={list}
        rowKey={(row) => row.payment_id}
        onOpen={(row) => void navigate({ to: "/payments/$userId/$paymentId", params: place(row) })}
        empty={<Empty title={text.empty} />}
      />
    </Page>
  );
}
