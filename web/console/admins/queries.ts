/// Admins: appointing them, their role, their second factor, their sessions.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, outcomeOf, useAct, usePages, useThing, WHOLE } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Admin = Schemas["AdminOut"];
export type AdminWhole = Schemas["AdminDetail"];

export interface Filters {
  cursor?: string | undefined;
  search?: string | undefined;
  role?: string | undefined;
  status?: Admin["status"] | undefined;
}

export function useAdmins({ cursor, ...filters }: Filters) {
  return usePages<Admin>(["admins", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/admins", { params: { query: { ...filters, ...page } }, signal })),
  );
}

const of = (id: string) => ({ path: { admin_id: id } });

export function useAdminOf(id: string) {
  return useThing(["admins", "one", id], (api) => data(api.GET("/v1/admins/{admin_id}", { params: of(id) })));
}

export function useFactor(id: string) {
  return useThing(["admins", "factor", id], (api) =>
    data(api.GET("/v1/admins/{admin_id}/second-factor", { params: of(id) })),
  );
}

export function useSessions(id: string, isOn: boolean) {
  return useThing(
    ["admins", "sessions", id],
    async (api) =>
      (await data(api.GET("/v1/sessions", { params: { query: { owner_id: id, limit: WHOLE } } }))).items,
    { isOn },
  );
}

/// The names of the roles; nothing for who may not see them.
export function useRoles(isOn: boolean) {
  return useThing(
    ["admins", "roles"],
    async (api) => (await data(api.GET("/v1/roles", { params: { query: { limit: WHOLE } } }))).items,
    { isOn },
  );
}

export function useActs() {
  const act = useAct("admins", "approvals");
  return {
    appoint: (body: Schemas["AdminCreate"]) =>
      act(async (api) => outcomeOf(await api.POST("/v1/admins", { body }))),
    update: (id: string, etag: string, body: Schemas["AdminUpdate"]) =>
      act(async (api) =>
        outcomeOf(
          await api.PATCH("/v1/admins/{admin_id}", { params: { ...of(id), header: ifMatch(etag) }, body }),
        ),
      ),
    grant: (id: string, etag: string, body: Schemas["RoleGrant"]) =>
      act(async (api) =>
        outcomeOf(
          await api.PUT("/v1/admins/{admin_id}/role", { params: { ...of(id), header: ifMatch(etag) }, body }),
        ),
      ),
    block: (admin: Admin, reason: string) =>
      act((api) =>
        api.POST("/v1/admins/{admin_id}/block", {
          params: { ...of(admin.admin_id), header: ifMatch(admin.etag) },
          body: { reason },
        }),
      ),
    unblock: (admin: Admin) =>
      act((api) =>
        api.POST("/v1/admins/{admin_id}/unblock", {
          params: { ...of(admin.admin_id), header: ifMatch(admin.etag) },
        }),
      ),
    openSignIn: (id: string, reason: string) =>
      act((api) => api.POST("/v1/admins/{admin_id}/open-sign-in", { params: of(id), body: { reason } })),
    resetFactor: (id: string) =>
      act((api) => api.DELETE("/v1/admins/{admin_id}/second-factor", { params: of(id) })),
    endSessions: (id: string) =>
      act((api) => api.DELETE("/v1/sessions/{owner_id}", { params: { path: { owner_id: id } } })),
    archive: (id: string) => act((api) => api.DELETE("/v1/admins/{admin_id}", { params: of(id) })),
  };
}
