/// Complaints about recharges: reading, taking and settling them.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages } from "#ui/api.ts";

export type Complaint = components["schemas"]["StaffComplaintOut"];
export type Settlement = components["schemas"]["ResolveComplaint"];

export function useComplaints(status: Complaint["status"], cursor: string | undefined) {
  return usePages<Complaint>(["complaints", "list", status], cursor, (api, page, signal) =>
    data(api.GET("/v1/complaints/admin", { params: { query: { status, ...page } }, signal })),
  );
}

export function useActs() {
  const act = useAct("complaints", "work", "wallet");
  const path = ({ user_id, complaint_id }: Complaint) => ({ path: { user_id, complaint_id } });
  return {
    assign: (complaint: Complaint, assignee: string | null) =>
      act((api) =>
        api.PUT("/v1/complaints/admin/{user_id}/{complaint_id}/assignee", {
          params: path(complaint),
          body: { assignee_id: assignee },
        }),
      ),
    settle: (complaint: Complaint, body: Settlement) =>
      act((api) =>
        api.POST("/v1/complaints/admin/{user_id}/{complaint_id}/resolve", { params: path(complaint), body }),
      ),
  };
}
