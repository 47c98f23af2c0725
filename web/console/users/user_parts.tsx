/// The tabs of one customer.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { type Column, DataTable } from "#ui/data_table.tsx";
import { Card, Facts } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Money, Nothing, Phone, Reference, wordsOf } from "#ui/values.tsx";
import { AccountActs, BalanceAt, EndSessionDialog } from "./account_acts.tsx";
import { Notes } from "./notes.tsx";
import {
  type Recharge,
  type Rooms,
  type Transaction,
  type User,
  type UserSession,
  useMayOf,
  useUserLedger,
  useUserRecharges,
  useUserTransactions,
} from "./queries.ts";
import { useText } from "./text.ts";

export function Overview({ user, rooms }: { user: User; rooms: Rooms }) {
  const text = useText();
  const may = useMayOf();
  const plans = rooms.recharges?.current_plans ?? [];
  return (
    <div className="split">
      <div className="stack">
        <Card title={text.account} acts={<AccountActs user={user} />}>
          <Facts
            facts={[
              [text.phone, <Phone key="phone" number={user.phone_number} />],
              [
                text.email,
                user.email ? (
                  <>
                    {user.email}{" "}
                    {!user.email_confirmed && <span className="muted">({text.unconfirmed})</span>}
                  </>
                ) : (
                  <Nothing key="none" />
                ),
              ],
              [text.type, text.types[user.user_type]],
              [text.tier, text.tiers[user.kyc_tier]],
              [text.joined, <Instant key="joined" at={user.created_at} />],
              [text.language, user.language],
              [text.referralCode, <Reference key="code" value={user.referral_code} />],
              [text.customerId, <Reference key="id" value={user.user_id} short />],
              user.status_since !== null && [text.since, <Instant key="since" at={user.status_since} />],
              user.status_reason !== null && [text.reason, user.status_reason],
              user.referred_by !== null && [
                text.referredBy,
                <Link key="by" to="/customers/$userId" params={{ userId: user.referred_by }}>
                  {user.referred_by.slice(0, 8)}
                </Link>,
              ],
            ]}
          />
        </Card>
        <Card title={text.plans}>
          {plans.length === 0 ? (
            <p className="muted">{text.noPlans}</p>
          ) : (
            <ul className="work-list">
              {plans.map((plan) => (
                <li key={plan.recharge_id}>
                  <Link
                    to="/recharges/$userId/$rechargeId"
                    params={{ userId: user.user_id, rechargeId: plan.recharge_id }}
                  >
                    <span>
                      {plan.plan_name} <span className="muted">{plan.operator}</span>
                    </span>
                    <span className="muted">
                      <Phone number={plan.phone_number} />
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      <div className="stack">
        <Card title={text.wallet}>
          <dl className="figures-grid">
            <div className="figure">
              <dt>{text.balance}</dt>
              <dd>{rooms.wallet ? <Money rupees={rooms.wallet.balance} /> : <Nothing />}</dd>
            </div>
            <div className="figure">
              <dt>{text.held}</dt>
              <dd>{rooms.wallet ? <Money rupees={rooms.wallet.held} /> : <Nothing />}</dd>
            </div>
          </dl>
          {may.balanceAt && <BalanceAt userId={user.user_id} />}
        </Card>
        <Notes user={user} />
      </div>
    </div>
  );
}

export function Recharges({ userId, cursor }: { userId: string; cursor: string | undefined }) {
  const text = useText();
  const list = useUserRecharges(userId, cursor);
  const columns: Column<Recharge>[] = [
    {
      id: "plan",
      header: text.plan,
      cell: (row) => (
        <Link to="/recharges/$userId/$rechargeId" params={{ userId, rechargeId: row.recharge_id }}>
          {row.plan_name}
        </Link>
      ),
    },
    { id: "phone", header: text.phone, cell: (row) => <Phone number={row.phone_number} /> },
    { id: "operator", header: text.operator, cell: (row) => row.operator, isMinor: true },
    { id: "status", header: text.status, cell: (row) => row.status },
    { id: "price", header: text.price, cell: (row) => <Money rupees={row.price} />, align: "end" },
    {
      id: "at",
      header: text.at,
      cell: (row) => <Instant at={row.created_at} />,
      align: "end",
      isMinor: true,
    },
  ];
  return (
    <DataTable
      label={text.recharges}
      columns={columns}
      list={list}
      rowKey={(row) => row.recharge_id}
      empty={<Empty title={text.noRecharges} />}
    />
  );
}

export function Transactions({ userId, cursor }: { userId: string; cursor: string | undefined }) {
  const text = useText();
  const list = useUserTransactions(userId, cursor);
  const columns: Column<Transaction>[] = [
    { id: "what", header: text.what, cell: (row) => row.description },
    {
      id: "status",
      header: text.status,
      cell: (row) => (
        <Badge tone={row.status === "failed" ? "bad" : row.status === "pending" ? "warn" : "neutral"}>
          {row.status}
        </Badge>
      ),
    },
    { id: "amount", header: text.amount, cell: (row) => <Money rupees={row.amount} />, align: "end" },
    { id: "change", header: text.change, cell: (row) => <Money rupees={row.wallet_change} />, align: "end" },
    {
      id: "at",
      header: text.at,
      cell: (row) => <Instant at={row.created_at} />,
      align: "end",
      isMinor: true,
    },
  ];
  return (
    <DataTable
      label={text.transactions}
      columns={columns}
      list={list}
      rowKey={(row) => row.transaction_id}
      empty={<Empty title={text.noTransactions} />}
    />
  );
}

/// The lines of the double entry that concern this customer.
export function Ledger({ userId, cursor }: { userId: string; cursor: string | undefined }) {
  const text = useText();
  return (
    <DataTable
      label={text.ledger}
      list={useUserLedger(userId, cursor)}
      rowKey={(row) => row.transfer_id}
      empty={<Empty title={text.noTransactions} />}
      columns={(column) => [
        column("code", text.what, (row) => wordsOf(row.code)),
        column("debit", text.debit, (row) => row.debit_account, "minor"),
        column("credit", text.credit, (row) => row.credit_account, "minor"),
        column("amount", text.amount, (row) => <Money rupees={row.amount} />, "end"),
        column("at", text.at, (row) => <Instant at={row.created_at} />, "end"),
      ]}
    />
  );
}

export function Sessions({ user, sessions }: { user: User; sessions: UserSession[] }) {
  const text = useText();
  const may = useMayOf();
  const [ending, setEnding] = useState<UserSession | null>(null);
  if (sessions.length === 0) return <Empty title={text.noSessions} />;
  return (
    <Card>
      <ul className="work-list">
        {sessions.map((session) => (
          <li key={session.session_id}>
            <span className="row between line">
              <span>
                {session.device || "–"} <span className="muted">{session.address}</span>
              </span>
              <span className="row">
                <span className="muted">
                  {text.lastUsed} <Instant at={session.last_used_at} />
                </span>
                {may.endSessions && (
                  <Button className="small" onPress={() => setEnding(session)}>
                    {text.endSession}
                  </Button>
                )}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {ending && <EndSessionDialog user={user} session={ending} onClose={() => setEnding(null)} />}
    </Card>
  );
}
