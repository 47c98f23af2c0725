/// All recharges, the newest first, by what one knows about them.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { pickColumn, usePicks } from "#ui/bulk.tsx";
import { Button } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Filters, operatorFilter, optionsOf, phoneFilter } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { BulkRefundDialog } from "./bulk_refund.tsx";
import { type Recharge, useMayEdit, useRecharges } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { DELIVERED, TONES, useText } from "./text.ts";

export function RechargeList() {
  const text = useText();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useRecharges(filters);
  const words = useWords();
  const mayEdit = useMayEdit();
  const picks = usePicks<Recharge>((row) => row.recharge_id);
  // Those that the dialog was opened with: it goes on when they are no longer ticked.
  const [inRefund, setInRefund] = useState<Recharge[] | null>(null);
  const place = (row: Recharge) => ({ userId: row.user_id, rechargeId: row.recharge_id });
  const columns: Column<Recharge>[] = [
    ...(mayEdit
      ? [
          pickColumn(picks, words.chosen, {
            nameOf: (row) => `${row.plan_name}, ${row.phone_number}`,
            isPossible: (row) => DELIVERED.has(row.status),
          }),
        ]
      : []),
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
    <Page
      title={text.title}
      lead={
        <>
          <Link to="/recharges/plans">{text.running}</Link>
          <Link to="/recharges/queue">{text.queue}</Link>
        </>
      }
      acts={
        picks.rows.length > 0 && (
          <>
            <Button kind="quiet" onPress={picks.clear}>
              {words.none}
            </Button>
            <Button kind="danger" onPress={() => setInRefund(picks.rows)}>
              {text.refundChosen(picks.rows.length)}
            </Button>
          </>
        )
      }
    >
      <Filters
        values={filters}
        texts={[
          phoneFilter(text.phone),
          { name: "reference", label: text.reference },
          operatorFilter(text.operator),
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
      {inRefund && (
        <BulkRefundDialog recharges={inRefund} onClose={() => setInRefund(null)} onDone={picks.clear} />
      )}
    </Page>
  );
}
