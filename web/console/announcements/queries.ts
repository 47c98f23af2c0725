/// Announcements: writing, changing, sending, ending them.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Announcement = Schemas["AnnouncementOut"];
export type New = Schemas["AnnouncementCreate"];
export type Text = Schemas["AnnouncementTextBody"];

export interface Filters {
  cursor?: string | undefined;
  status?: Announcement["status"] | undefined;
  kind?: Announcement["audience"]["kind"] | undefined;
}

export function useAnnouncements({ cursor, ...filters }: Filters) {
  return usePages<Announcement>(["announcements", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/announcements", { params: { query: { ...filters, ...page } }, signal })),
  );
}

const of = (id: string) => ({ path: { announcement_id: id } });
/// What is being sent is counted again so often, in milliseconds.
const WATCH_MS = 5_000;

export function useAnnouncement(id: string) {
  return useThing(
    ["announcements", "one", id],
    (api) => data(api.GET("/v1/announcements/{announcement_id}", { params: of(id) })),
    { again: ({ status, figures }) => (status === "shown" && !figures.counted ? WATCH_MS : false) },
  );
}

export function useActs() {
  const act = useAct("announcements");
  return {
    create: (body: New) => act((api) => data(api.POST("/v1/announcements", { body }))),
    update: (id: string, etag: string, body: Schemas["AnnouncementUpdate"]) =>
      act((api) =>
        api.PATCH("/v1/announcements/{announcement_id}", {
          params: { ...of(id), header: ifMatch(etag) },
          body,
        }),
      ),
    send: (id: string, etag: string, body: Schemas["SendAnnouncement"]) =>
      act((api) =>
        api.POST("/v1/announcements/{announcement_id}/send", {
          params: { ...of(id), header: ifMatch(etag) },
          body,
        }),
      ),
    cancel: (id: string, etag: string) =>
      act((api) =>
        api.POST("/v1/announcements/{announcement_id}/cancel", {
          params: { ...of(id), header: ifMatch(etag) },
        }),
      ),
    remove: (id: string) =>
      act((api) => api.DELETE("/v1/announcements/{announcement_id}", { params: of(id) }), LEAVES),
  };
}
