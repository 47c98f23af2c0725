/// My inbox, page by page.
import { data } from "#shared/api.ts";
import { useAct, usePages } from "#ui/api.ts";
import type { Notice } from "#ui/subjects.ts";

export interface Filters {
  cursor?: string | undefined;
  state?: "unread" | "seen" | undefined;
  type?: "transactional" | "announcement" | undefined;
}

export function useNotices({ cursor, state, type }: Filters) {
  const unread = state && { unread: state === "unread" };
  // The bell's key: what it hears of makes this list new, too.
  return usePages<Notice>(["notifications", "inbox", { state, type }], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/notifications", {
        params: { query: { ...(type && { type }), ...unread, ...page } },
        signal,
      }),
    ),
  );
}

export function useActs() {
  const act = useAct("notifications");
  const of = (notice: Notice) => ({ params: { path: { notification_id: notice.notification_id } } });
  return {
    see: (notice: Notice) => act((api) => api.POST("/v1/notifications/{notification_id}/viewed", of(notice))),
    seeAll: () => act((api) => api.POST("/v1/notifications/viewed-all")),
    remove: (notice: Notice) => act((api) => api.DELETE("/v1/notifications/{notification_id}", of(notice))),
  };
}
