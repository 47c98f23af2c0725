/// What people wrote to us: reading, answering, noting, settling.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, useAct, usePages, useThing, withKey } from "#ui/api.ts";
import { useAdmin } from "#ui/services.tsx";

type Schemas = components["schemas"];
export type Enquiry = Schemas["StaffEnquiryOut"];
export type EnquiryWhole = Schemas["StaffEnquiryDetail"];
export type Status = Schemas["EnquiryStatus"];
export type Category = Schemas["EnquiryCategory"];

export type Durations = Schemas["DurationFigures"];

export function useFigures(period: { from?: string | undefined; to?: string | undefined }) {
  return useThing(
    ["contact", "figures", period],
    (api, signal) => data(api.GET("/v1/contact/admin/figures", { params: { query: period }, signal })),
    { keepsOld: true },
  );
}

export interface Filters {
  cursor?: string | undefined;
  status?: Status | undefined;
  category?: Category | undefined;
  owner?: "me" | "nobody" | undefined;
}

export function useEnquiries({ cursor, owner, ...filters }: Filters) {
  const { admin_id } = useAdmin();
  const whose = owner === "me" ? { assignee_id: admin_id } : owner === "nobody" ? { unassigned: true } : {};
  return usePages<Enquiry>(["contact", "list", filters, owner], cursor, (api, page, signal) =>
    data(api.GET("/v1/contact/admin", { params: { query: { ...filters, ...whose, ...page } }, signal })),
  );
}

export function useEnquiry(id: string) {
  return useThing(["contact", "one", id], (api) =>
    data(api.GET("/v1/contact/admin/{enquiry_id}", { params: { path: { enquiry_id: id } } })),
  );
}

export type Entry = "replies" | "notes" | "resolution";

export function useActs(enquiry: EnquiryWhole) {
  const act = useAct("contact");
  const path = { enquiry_id: enquiry.enquiry_id };
  return {
    write: (kind: Entry, text: string, key: string) =>
      act((api) =>
        api.POST(`/v1/contact/admin/{enquiry_id}/${kind}`, {
          params: { path, header: withKey(key) },
          body: { text },
        }),
      ),
    assign: (assignee: string | null) =>
      act((api) =>
        api.PUT("/v1/contact/admin/{enquiry_id}/assignee", {
          params: { path, header: ifMatch(enquiry.etag) },
          body: { assignee_id: assignee },
        }),
      ),
    sort: (category: Category) =>
      act((api) =>
        api.PATCH("/v1/contact/admin/{enquiry_id}", {
          params: { path, header: ifMatch(enquiry.etag) },
          body: { category },
        }),
      ),
    reopen: () => act((api) => api.POST("/v1/contact/admin/{enquiry_id}/reopen", { params: { path } })),
    remove: (reason: string) =>
      act(
        (api) => api.DELETE("/v1/contact/admin/{enquiry_id}", { params: { path, query: { reason } } }),
        LEAVES,
      ),
  };
}
