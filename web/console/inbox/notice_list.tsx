/// My inbox: what is unread stands out, and each notice leads to what it is about.
import { Link, useNavigate } from "@tanstack/react-router";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { CloseIcon } from "#ui/icons.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { type Notice, placeOf } from "#ui/subjects.ts";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { useActs, useNotices } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export function NoticeList() {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const filters = listRoute.useSearch();
  const list = useNotices(filters);
  const acts = useActs();
  const see = (notice: Notice) =>
    void (notice.viewed_at ?? acts.see(notice).catch(() => toast(words.failed)));
  const open = (notice: Notice) => {
    see(notice);
    const place = placeOf(notice);
    if (place) void navigate(place);
  };
  const remove = (notice: Notice) =>
    acts.remove(notice).then(
      () => toast(words.removed),
      () => toast(words.failed),
    );
  return (
    <Page
      title={text.title}
      lead={text.lead}
      acts={<Button onPress={() => void acts.seeAll()}>{text.allSeen}</Button>}
    >
      <Filters
        values={filters}
        choices={[
          { name: "state", label: text.state, options: optionsOf(text.states) },
          { name: "type", label: words.kind, options: optionsOf(text.types) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.notification_id}
        onOpen={open}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("what", text.what, (row) => <What notice={row} onSee={() => see(row)} />),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end"),
          column(
            "remove",
            words.remove,
            (row) => (
              <Button
                kind="quiet"
                className="icon-button"
                aria-label={text.remove(row.title)}
                onPress={() => void remove(row)}
              >
                <CloseIcon />
              </Button>
            ),
            "end",
          ),
        ]}
      />
    </Page>
  );
}

function What({ notice, onSee }: { notice: Notice; onSee: () => void }) {
  const place = placeOf(notice);
  return (
    <div className={notice.viewed_at ? "notice" : "notice unread"}>
      {place ? (
        <Link {...place} onClick={onSee}>
          {notice.title}
        </Link>
      ) : (
        <strong>{notice.title}</strong>
      )}
      <p className="muted">{notice.body}</p>
    </div>
  );
}
