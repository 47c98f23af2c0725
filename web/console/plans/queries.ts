/// Plans and their groups: reading, making, changing, importing and exporting them.
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, useAct, usePages, useThing, WHOLE } from "#ui/api.ts";
import { useMay } from "#ui/services.tsx";

type Schemas = components["schemas"];
export type Plan = Schemas["StaffPlanOut"];
export type PlanWhole = Schemas["StaffPlanDetail"];
export type Version = Schemas["PlanVersionOut"];
export type Terms = Schemas["PlanCreate"];
export type Group = Schemas["StaffPlanGroupOut"];
export type Import = Schemas["PlanImportOut"];
export type Filters = Omit<
  NonNullable<operations["plans_staff_list"]["parameters"]["query"]>,
  "limit" | "cursor" | "scheduled"
> & { cursor?: string; scheduled?: "true" };

export function usePlans({ cursor, scheduled, ...filters }: Filters) {
  return usePages<Plan>(["plans", "list", filters, scheduled], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/plans/admin", {
        params: { query: { ...filters, ...(scheduled ? { scheduled: true } : {}), ...page } },
        signal,
      }),
    ),
  );
}

export function usePlan(id: string) {
  return useThing(["plans", "one", id], (api) =>
    data(api.GET("/v1/plans/admin/{plan_id}", { params: { path: { plan_id: id } } })),
  );
}

export function useGroups() {
  return useThing(
    ["plans", "groups"],
    async (api) =>
      (await data(api.GET("/v1/plans/groups/admin", { params: { query: { limit: WHOLE } } }))).items,
  );
}

export function useMayOf() {
  const may = useMay();
  return {
    write: may("Plans:write", { scoped: true }),
    edit: may("Plans:edit", { scoped: true }),
    remove: may("Plans:delete", { scoped: true }),
    writeGroups: may("PlanGroups:write"),
    editGroups: may("PlanGroups:edit"),
    removeGroups: may("PlanGroups:delete"),
  };
}

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

export function useActs() {
  const act = useAct("plans");
  const group = (id: string) => ({ path: { group_id: id } });
  return {
    create: (body: Terms) => act((api) => data(api.POST("/v1/plans", { body }))),
    update: (id: string, etag: string, body: Partial<Terms>) =>
      act((api) =>
        api.PATCH("/v1/plans/{plan_id}", {
          params: { path: { plan_id: id }, header: ifMatch(etag) },
          body,
        }),
      ),
    remove: (id: string) =>
      act((api) => api.DELETE("/v1/plans/{plan_id}", { params: { path: { plan_id: id } } }), LEAVES),
    createGroup: (body: Schemas["PlanGroupCreate"]) => act((api) => api.POST("/v1/plans/groups", { body })),
    updateGroup: (id: string, etag: string, body: Schemas["PlanGroupUpdate"]) =>
      act((api) =>
        api.PATCH("/v1/plans/groups/{group_id}", {
          params: { ...group(id), header: ifMatch(etag) },
          body,
        }),
      ),
    removeGroup: (id: string) =>
      act((api) => api.DELETE("/v1/plans/groups/{group_id}", { params: group(id) })),
    read: (file: File, isDryRun: boolean) =>
      act((api) =>
        data(
          api.POST("/v1/plans/admin/import", {
            params: { query: { dry_run: isDryRun } },
            body: file as never,
            bodySerializer: (body: unknown) => body as Blob,
            headers: { "Content-Type": file.name.endsWith(".xlsx") ? XLSX : "text/csv" },
          }),
        ),
      ),
    exported: (format: "csv" | "xlsx") =>
      act(
        async (api) =>
          (await api.GET("/v1/plans/admin/export", { params: { query: { format } }, parseAs: "blob" }))
            .data as unknown as Blob,
      ),
  };
}
