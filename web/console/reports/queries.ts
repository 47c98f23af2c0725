/// Reports: which there are, the files that were built, and those that come by themselves.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing, WHOLE } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Report = Schemas["ReportOut"];
export type File = Schemas["ReportFileOut"];
export type Schedule = Schemas["ReportScheduleOut"];
export type Format = Schemas["ReportFormat"];
export type Every = Schemas["Every"];

/// A file that is built is looked at so often, in milliseconds.
const WATCH_MS = 1_500;
export const isUnderWay = (file: File): boolean => file.status === "waiting" || file.status === "running";

export function useReports() {
  return useThing(
    ["reports", "kinds"],
    async (api) => (await data(api.GET("/v1/reports", { params: { query: { limit: WHOLE } } }))).items,
  );
}

export interface FileFilters {
  cursor?: string | undefined;
  report?: string | undefined;
  status?: File["status"] | undefined;
}

export function useFiles({ cursor, ...filters }: FileFilters) {
  return usePages<File>(["reports", "files", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/reports/files", { params: { query: { ...filters, ...page } }, signal })),
  );
}

/// One file, as it grows.
export function useFile(file: File) {
  return useThing(
    ["reports", "file", file.report_file_id],
    (api) =>
      data(
        api.GET("/v1/reports/files/{report_file_id}", {
          params: { path: { report_file_id: file.report_file_id } },
        }),
      ),
    { isOn: isUnderWay(file), again: (now) => (isUnderWay(now) ? WATCH_MS : false) },
  );
}

export function useSchedules(cursor: string | undefined) {
  return usePages<Schedule>(["reports", "schedules"], cursor, (api, page, signal) =>
    data(api.GET("/v1/reports/schedules", { params: { query: page }, signal })),
  );
}

export function useActs() {
  const act = useAct("reports");
  const of = ({ report_file_id }: File) => ({ path: { report_file_id } });
  return {
    make: (body: Schemas["MakeReport"]) => act((api) => api.POST("/v1/reports/files", { body })),
    schedule: (body: Schemas["ScheduleReport"]) => act((api) => api.POST("/v1/reports/schedules", { body })),
    unschedule: ({ report_schedule_id }: Schedule) =>
      act((api) =>
        api.DELETE("/v1/reports/schedules/{report_schedule_id}", {
          params: { path: { report_schedule_id } },
        }),
      ),
    cancel: (file: File) =>
      act((api) => api.POST("/v1/reports/files/{report_file_id}/cancel", { params: of(file) })),
    link: (file: File) =>
      act((api) => data(api.POST("/v1/reports/files/{report_file_id}/link", { params: of(file) }))),
  };
}
