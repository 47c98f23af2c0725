/// What customers asked for: the full KYC tier, on a document.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages } from "#ui/api.ts";

export type Request = components["schemas"]["StaffKycRequestOut"];

export function useRequests(status: Request["status"], cursor: string | undefined) {
  return usePages<Request>(["kyc", "list", status], cursor, (api, page, signal) =>
    data(api.GET("/v1/users/kyc-requests", { params: { query: { status, ...page } }, signal })),
  );
}

export function useActs() {
  const act = useAct("kyc", "users", "work");
  const path = ({ user_id, kyc_request_id }: Request) => ({ path: { user_id, kyc_request_id } });
  return {
    approve: (request: Request, evidence: string) =>
      act((api) =>
        api.POST("/v1/users/{user_id}/kyc-requests/{kyc_request_id}/approve", {
          params: path(request),
          body: { evidence },
        }),
      ),
    reject: (request: Request, reason: string) =>
      act((api) =>
        api.POST("/v1/users/{user_id}/kyc-requests/{kyc_request_id}/reject", {
          params: path(request),
          body: { reason },
        }),
      ),
  };
}
