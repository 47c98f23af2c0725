/// Acts that take a second admin: reading and deciding them.
import { useQueryClient } from "@tanstack/react-query";
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { type List, useList } from "#ui/list.ts";
import { useApi } from "#ui/services.tsx";

export type Approval = components["schemas"]["ApprovalOut"];
export type Status = Approval["status"];
export type Decision = "approve" | "reject" | "cancel";

const LIMIT = 50;

export function useApprovals(status: Status, cursor: string | undefined): List<Approval> {
  const api = useApi();
  return useList<Approval>({
    key: ["approvals", "list", status],
    cursor,
    read: (from, signal) =>
      data(
        api.GET("/v1/approvals", {
          params: { query: { status, limit: LIMIT, ...(from ? { cursor: from } : {}) } },
          signal,
        }),
      ),
  });
}

/// Decides. What it is about changes with it, so everything is read again.
export function useDecision(approval: Approval) {
  const api = useApi();
  const client = useQueryClient();
  return async (decision: Decision, note: string): Promise<void> => {
    const params = { path: { approval_id: approval.approval_id } };
    try {
      if (decision === "approve")
        await api.POST("/v1/approvals/{approval_id}/approve", { params, body: { note } });
      else if (decision === "reject")
        await api.POST("/v1/approvals/{approval_id}/reject", { params, body: { note } });
      else await api.POST("/v1/approvals/{approval_id}/cancel", { params, body: { note } });
    } finally {
      await client.invalidateQueries();
    }
  };
}
