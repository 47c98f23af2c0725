/// Roles and what each allows.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, outcomeOf, useAct, useThing, WHOLE } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Role = Schemas["RoleOut"];
export type PermissionGroup = Schemas["PermissionGroupOut"];

export function useRoles() {
  return useThing(
    ["roles", "list"],
    async (api) => (await data(api.GET("/v1/roles", { params: { query: { limit: WHOLE } } }))).items,
  );
}

export function usePermissions() {
  return useThing(
    ["roles", "permissions"],
    async (api) =>
      (await data(api.GET("/v1/roles/permissions", { params: { query: { limit: WHOLE } } }))).items,
  );
}

export function useActs() {
  const act = useAct("roles", "approvals");
  return {
    create: (body: Schemas["RoleWrite"]) =>
      act(async (api) => outcomeOf(await api.POST("/v1/roles", { body }))),
    replace: (id: string, etag: string, body: Schemas["RoleWrite"]) =>
      act(async (api) =>
        outcomeOf(
          await api.PUT("/v1/roles/{role_id}", {
            params: { path: { role_id: id }, header: ifMatch(etag) },
            body,
          }),
        ),
      ),
    remove: (id: string) =>
      act((api) => api.DELETE("/v1/roles/{role_id}", { params: { path: { role_id: id } } })),
  };
}
