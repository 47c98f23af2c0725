/// My notices, as they come. The stream also tells at once that the session was ended elsewhere.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Dialog, DialogTrigger, Popover } from "react-aria-components";
import { data } from "#shared/api.ts";
import { listen } from "#shared/events.ts";
import { formatAgo } from "#shared/instant.ts";
import { Button } from "#ui/controls.tsx";
import { BellIcon } from "#ui/icons.tsx";
import { Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { useServices } from "#ui/services.tsx";
import { type Notice, placeOf } from "#ui/subjects.ts";
import { useFrameWords } from "./words.ts";

const KEY = ["notifications"];
const SHOWN = 15;

export function Bell() {
  const words = useFrameWords();
  const { api, session } = useServices();
  const client = useQueryClient();
  const unread = useQuery({
    queryKey: [...KEY, "unread"],
    queryFn: () => data(api.GET("/v1/notifications/unread-count")),
  });
  useEffect(() => {
    const ending = new AbortController();
    void listen({
      session,
      path: "/v1/notifications/stream",
      signal: ending.signal,
      onEvent: ({ event }) => {
        if (event === "notification" || event === "reset") void client.invalidateQueries({ queryKey: KEY });
      },
    });
    return () => ending.abort();
  }, [session, client]);
  const count = unread.data?.unread_count ?? 0;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setIsOpen}>
      <Button
        kind="quiet"
        className="icon-button bell"
        aria-label={count > 0 ? words.unread(count) : words.notices}
      >
        <BellIcon />
        {count > 0 && (
          <span className="count" aria-hidden="true">
            {count > 99 ? "99+" : count}
          </span>
        )}
      </Button>
      <Popover className="popover notices" placement="bottom end">
        <Dialog className="notices-dialog" aria-label={words.notices}>
          <Notices onLeave={() => setIsOpen(false)} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Notices({ onLeave }: { onLeave: () => void }) {
  const words = useFrameWords();
  const { api, language } = useServices();
  const client = useQueryClient();
  const list = useQuery({
    queryKey: [...KEY, "list"],
    queryFn: () => data(api.GET("/v1/notifications", { params: { query: { limit: SHOWN } } })),
  });
  const viewAll = async () => {
    await api.POST("/v1/notifications/viewed-all");
    await client.invalidateQueries({ queryKey: KEY });
  };
  const follow = (notice: Notice) => {
    onLeave();
    if (notice.viewed_at) return;
    void api
      .POST("/v1/notifications/{notification_id}/viewed", {
        params: { path: { notification_id: notice.notification_id } },
      })
      .then(() => client.invalidateQueries({ queryKey: KEY }));
  };
  return (
    <>
      <header>
        <h2>{words.notices}</h2>
        {(list.data?.unread_count ?? 0) > 0 && (
          <Button kind="quiet" onPress={() => void viewAll()}>
            {words.allSeen}
          </Button>
        )}
      </header>
      {list.isPending && <Skeleton lines={5} />}
      {list.error && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <p className="muted">{words.noNotices}</p>}
      <ul>
        {list.data?.items.map((notice) => (
          <li key={notice.notification_id} className={notice.viewed_at ? "" : "unread"}>
            <Title notice={notice} onFollow={() => follow(notice)} />
            <p>{notice.body}</p>
            <time className="muted small" dateTime={notice.created_at}>
              {formatAgo(notice.created_at, Date.now(), language)}
            </time>
          </li>
        ))}
      </ul>
      <Link to="/notifications" className="all" onClick={onLeave}>
        {words.allNotices}
      </Link>
    </>
  );
}

/// Leads to what the notice is about, if there is a page of it.
function Title({ notice, onFollow }: { notice: Notice; onFollow: () => void }) {
  const place = placeOf(notice);
  if (!place) return <strong>{notice.title}</strong>;
  return (
    <Link {...place} onClick={onFollow}>
      {notice.title}
    </Link>
  );
}
