/// What the velocity rules held back, and for whom they are wider.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages } from "#ui/api.ts";

type Schemas = components["schemas"];
export type HeldBack = Schemas["StaffHeldBackOut"];
export type Allowance = Schemas["AllowanceOut"];
export type Scope = Schemas["AllowanceScope"];
export type AllowanceCreate = Schemas["AllowanceCreate"];

export interface HeldBackFilters {
  cursor?: string | undefined;
  phone_number?: string | undefined;
  user_id?: string | undefined;
  address?: string | undefined;
  device_id?: string | undefined;
  kind?: HeldBack["kind"] | undefined;
  rule?: HeldBack["rule"] | undefined;
}

export function useHeldBack({ cursor, ...filters }: HeldBackFilters) {
  return usePages<HeldBack>(["velocity", "held back", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/velocity/held-back", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export interface AllowanceFilters {
  cursor?: string | undefined;
  phone_number?: string | undefined;
  address?: string | undefined;
  is_live?: "true" | "false" | undefined;
}

export function useAllowances({ cursor, is_live, ...filters }: AllowanceFilters) {
  const query = { ...filters, ...(is_live ? { is_live: is_live === "true" } : {}) };
  return usePages<Allowance>(["velocity", "allowances", query], cursor, (api, page, signal) =>
    data(api.GET("/v1/velocity/allowances", { params: { query: { ...query, ...page } }, signal })),
  );
}

export function useActs() {
  const act = useAct("velocity");
  return {
    allow: (body: AllowanceCreate) => act((api) => api.POST("/v1/velocity/allowances", { body })),
    withdraw: ({ allowance_id }: Allowance) =>
      act((api) =>
        api.DELETE("/v1/velocity/allowances/{allowance_id}", { params: { path: { allowance_id } } }),
      ),
  };
}
