/// What the start page reads: work in hand, health, and today's figures as they grow.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { data } from "#shared/api.ts";
import { listen } from "#shared/events.ts";
import { firstPageWithRows } from "#ui/list.ts";
import { useMay, useServices } from "#ui/services.tsx";

export interface Today {
  operator: string | null;
  sold: number;
  delivered: number;
  failed: number;
  refunds: number;
  paid: number;
  refunded: number;
  per_minute: { sold: number; delivered: number; failed: number } | null;
}

/// One message of `/v1/analytics/live`. The document of the API calls the stream a text.
export interface Figures {
  counted_at: string;
  total: Today;
  operators: Today[];
  others: { sign_ups: number; topups: number; topped_up: number } | null;
}

export function useFigures(isOn: boolean): Figures | null {
  const { session } = useServices();
  const [figures, setFigures] = useState<Figures | null>(null);
  useEffect(() => {
    if (!isOn) return;
    const ending = new AbortController();
    void listen({
      session,
      path: "/v1/analytics/live",
      signal: ending.signal,
      onEvent: ({ event, data: text }) => event === "figures" && setFigures(JSON.parse(text)),
    });
    return () => ending.abort();
  }, [session, isOn]);
  return figures;
}

const WORK_MS = 30_000;
/// So many are looked at; one more is shown as `20+`.
const COUNTED = 20;

export interface Work {
  count: number;
  isMore: boolean;
}

function workOf(page: { items: unknown[]; next_cursor: string | null }): Work {
  return { count: page.items.length, isMore: page.next_cursor !== null };
}

export function useWork() {
  const { api } = useServices();
  const may = useMay();
  const approvals = useQuery({
    queryKey: ["approvals", "pending"],
    queryFn: async () =>
      workOf(
        await data(api.GET("/v1/approvals", { params: { query: { status: "pending", limit: COUNTED } } })),
      ),
    refetchInterval: WORK_MS,
    retry: false,
  });
  const adjustments = useQuery({
    queryKey: ["wallet", "adjustments", "pending"],
    queryFn: async () =>
      workOf(
        await data(
          api.GET("/v1/wallet/admin/adjustments", {
            params: { query: { status: "pending", limit: COUNTED } },
          }),
        ),
      ),
    enabled: may("Wallet:read"),
    refetchInterval: WORK_MS,
  });
  const unknown = useQuery({
    queryKey: ["recharge", "unknown"],
    queryFn: async () =>
      workOf(
        await firstPageWithRows(
          (cursor) =>
            data(
              api.GET("/v1/recharge/admin", {
                params: { query: { status: "unknown", limit: COUNTED, ...(cursor ? { cursor } : {}) } },
              }),
            ),
          undefined,
        ),
      ),
    enabled: may("Recharge:read", { scoped: true }),
    refetchInterval: WORK_MS,
  });
  return { approvals: approvals.data, adjustments: adjustments.data, unknown: unknown.data };
}

const HEALTH_MS = 15_000;

export function useHealth() {
  const { api } = useServices();
  return useQuery({
    queryKey: ["health"],
    queryFn: () => data(api.GET("/health/ready")),
    refetchInterval: HEALTH_MS,
  });
}
