/// Where in the console the subject of a notice is.
import type { LinkProps } from "@tanstack/react-router";
import type { components } from "#shared/schema.d.ts";

export type Notice = components["schemas"]["NotificationOut"];
export type Place = Pick<LinkProps, "to" | "params" | "search">;

/// The page of each type, by its id and the customer whom it belongs to; a page of a customer's thing needs both.
const PLACES: Record<string, (id: string | null, userId: string | null) => Place> = {
  recharge: (rechargeId, userId) =>
    rechargeId && userId
      ? { to: "/recharges/$userId/$rechargeId", params: { userId, rechargeId } }
      : { to: "/recharges" },
  payment: (paymentId, userId) =>
    paymentId && userId
      ? { to: "/payments/$userId/$paymentId", params: { userId, paymentId } }
      : { to: "/payments" },
  backup: (backup) => (backup ? { to: "/backups/$backup", params: { backup } } : { to: "/backups" }),
  announcement: (announcementId) =>
    announcementId
      ? { to: "/announcements/$announcementId", params: { announcementId } }
      : { to: "/announcements" },
  approval: () => ({ to: "/approvals" }),
  autopay: () => ({ to: "/autopay" }),
  channel: () => ({ to: "/operators" }),
  endpoint: () => ({ to: "/webhooks" }),
  payout: () => ({ to: "/payouts" }),
};

/// The page, or null: what it is about has none, such as an admin's own sign-in.
export function placeOf({ subject, data }: Pick<Notice, "subject" | "data">): Place | null {
  const place = subject ? PLACES[subject] : undefined;
  if (!subject || !place) return null;
  const of = (name: string): string | null => {
    const value = data[name];
    return typeof value === "string" ? value : null;
  };
  return place(of(`${subject}_id`) ?? of(subject), of("user_id"));
}
