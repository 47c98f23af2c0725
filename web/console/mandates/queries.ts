/// What customers allowed their banks to pay us by itself.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { usePages } from "#ui/api.ts";

export type Mandate = components["schemas"]["StaffMandateOut"];

export interface Filters {
  cursor?: string | undefined;
  user_id?: string | undefined;
  status?: Mandate["status"] | undefined;
  end_reason?: NonNullable<Mandate["end_reason"]> | undefined;
  payment_method?: Mandate["payment_method"] | undefined;
}

export function useMandates({ cursor, ...filters }: Filters) {
  return usePages<Mandate>(["mandates", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/mandates/admin", { params: { query: { ...filters, ...page } }, signal })),
  );
}
