/// Links that many rooms have: a customer, a recharge.
import { Link } from "@tanstack/react-router";
import { formatPhone } from "#shared/phone.ts";
import { Nothing } from "./values.tsx";

export function UserLink({
  userId,
  user,
}: {
  userId: string | null | undefined;
  user?: { name: string | null; phone_number: string } | null;
}) {
  if (!userId) return <Nothing />;
  return (
    <Link to="/customers/$userId" params={{ userId }}>
      {user ? (user.name ?? formatPhone(user.phone_number)) : userId.slice(0, 8)}
    </Link>
  );
}

export function RechargeLink({ userId, rechargeId }: { userId: string | null; rechargeId: string | null }) {
  if (!userId || !rechargeId) return <Nothing />;
  return (
    <Link to="/recharges/$userId/$rechargeId" params={{ userId, rechargeId }}>
      {rechargeId.slice(0, 8)}
    </Link>
  );
}
