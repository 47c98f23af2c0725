/// Statements of operators and of the gateway against our books.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Run = Schemas["ReconciliationRunOut"];
export type Difference = Schemas["DifferenceOut"];
export type BulkResolutions = Schemas["BulkResolutionsOut"];
export type Resolution = Schemas["DifferenceResolution"];

export interface RunFilters {
  cursor?: string | undefined;
  counterparty?: string | undefined;
  status?: Run["status"] | undefined;
}

const WATCH_MS = 3_000;

export function useRuns({ cursor, ...filters }: RunFilters) {
  return usePages<Run>(["reconciliation", "runs", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/reconciliation/runs", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useRun(id: string) {
  return useThing(
    ["reconciliation", "run", id],
    (api) => data(api.GET("/v1/reconciliation/runs/{run_id}", { params: { path: { run_id: id } } })),
    { again: (run) => (run.status === "running" ? WATCH_MS : false) },
  );
}

export function useDifferences(
  id: string,
  status: Difference["status"] | undefined,
  cursor: string | undefined,
) {
  return usePages<Difference>(["reconciliation", "differences", id, status], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/reconciliation/runs/{run_id}/differences", {
        params: { path: { run_id: id }, query: { ...(status ? { status } : {}), ...page } },
        signal,
      }),
    ),
  );
}

export function useActs() {
  const act = useAct("reconciliation", "work");
  return {
    start: (counterparty: string, day: string) =>
      act((api) => data(api.POST("/v1/reconciliation/runs", { body: { counterparty, day } }))),
    resolveMany: (
      differences: Difference[],
      resolution: Resolution | null,
      note: string,
      isDryRun: boolean,
    ) =>
      act((api) =>
        data(
          api.POST("/v1/reconciliation/bulk-resolutions", {
            body: {
              differences: differences.map(({ run_id, difference_id }) => ({ run_id, difference_id })),
              resolution,
              note,
              is_dry_run: isDryRun,
            },
          }),
        ),
      ),
    resolve: ({ run_id, difference_id }: Difference, resolution: Resolution, note: string) =>
      act((api) =>
        api.POST("/v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve", {
          params: { path: { run_id, difference_id } },
          body: { resolution, note },
        }),
      ),
  };
}
