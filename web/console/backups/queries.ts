/// Backups: reading, making, verifying, restoring, deleting them.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { LEAVES, outcomeOf, useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Backup = Schemas["BackupOut"];
export type BackupWhole = Schemas["BackupDetail"];
export type Run = Schemas["BackupRunOut"];
export type Database = Schemas["BackupDatabaseOut"];

/// Something under way is read again so often, in milliseconds.
const WATCH_MS = 2_000;
export const isUnderWay = (run: Run | null): boolean =>
  run !== null && (run.status === "waiting" || run.status === "running");

export function useBackups(status: Backup["status"] | undefined, cursor: string | undefined) {
  return usePages<Backup>(["backups", "list", status], cursor, (api, page, signal) =>
    data(api.GET("/v1/backups", { params: { query: { ...(status ? { status } : {}), ...page } }, signal })),
  );
}

export function useRuns(cursor: string | undefined) {
  return usePages<Run>(["backups", "runs"], cursor, (api, page, signal) =>
    data(api.GET("/v1/backups/runs", { params: { query: page }, signal })),
  );
}

export function useDatabases(cursor: string | undefined) {
  return usePages<Database>(["backups", "databases"], cursor, (api, page, signal) =>
    data(api.GET("/v1/backups/databases", { params: { query: page }, signal })),
  );
}

export function useFigures() {
  return useThing(["backups", "figures"], (api) => data(api.GET("/v1/backups/figures")));
}

export function useBackup(name: string) {
  return useThing(
    ["backups", "one", name],
    (api) => data(api.GET("/v1/backups/{backup}", { params: { path: { backup: name } } })),
    {
      again: (backup) =>
        isUnderWay(backup.run) || backup.status === "waiting" || backup.status === "running"
          ? WATCH_MS
          : false,
    },
  );
}

/// What a run has written, as it goes.
export function useLog(run: Run) {
  return useThing(
    ["backups", "log", run.backup_run_id],
    (api) =>
      data(
        api.GET("/v1/backups/runs/{backup_run_id}/logs", {
          params: { path: { backup_run_id: run.backup_run_id }, query: { limit: 100 } },
        }),
      ),
    { again: () => (isUnderWay(run) ? WATCH_MS : false) },
  );
}

export function useActs() {
  const act = useAct("backups", "approvals");
  const of = (backup: string) => ({ path: { backup } });
  return {
    create: (description: string) => act((api) => data(api.POST("/v1/backups", { body: { description } }))),
    verify: (backup: string) => act((api) => api.POST("/v1/backups/{backup}/verify", { params: of(backup) })),
    restore: (backup: string, body: Schemas["BackupRestore"]) =>
      act(async (api) =>
        restoreOutcome(await api.POST("/v1/backups/{backup}/restore", { params: of(backup), body })),
      ),
    remove: (backup: string) =>
      act((api) => api.DELETE("/v1/backups/{backup}", { params: of(backup) }), LEAVES),
    link: (backup: string) =>
      act((api) => data(api.POST("/v1/backups/{backup}/link", { params: of(backup) }))),
    cancel: (run: Run) =>
      act((api) =>
        api.POST("/v1/backups/runs/{backup_run_id}/cancel", {
          params: { path: { backup_run_id: run.backup_run_id } },
        }),
      ),
    removeDatabase: (database: string) =>
      act((api) => api.DELETE("/v1/backups/databases/{database}", { params: { path: { database } } })),
  };
}

/// A restore is always 202: beside, it begins; in place, it waits for a second admin.
function restoreOutcome(answer: { data?: Run | Schemas["ApprovalOut"]; response: Response }) {
  return answer.data && "approval_id" in answer.data ? outcomeOf(answer) : "done";
}
