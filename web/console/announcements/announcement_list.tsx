/// All announcements, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { NewAnnouncementDialog } from "./announcement_form.tsx";
import { type Announcement, useAnnouncements } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function AnnouncementList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useAnnouncements(filters);
  const mayWrite = useMay()("Announcements:write", { scoped: true });
  const [isNew, setIsNew] = useState(false);
  const place = (row: Announcement) => ({ announcementId: row.announcement_id });
  return (
    <Page
      title={text.title}
      acts={
        mayWrite && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.create}
          </Button>
        )
      }
    >
      <Filters
        values={filters}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "kind", label: text.audience, options: optionsOf(text.audiences) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.announcement_id}
        onOpen={(row) => void navigate({ to: "/announcements/$announcementId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("title", text.heading, (row) => (
            <Link to="/announcements/$announcementId" params={place(row)}>
              {titleOf(row)}
            </Link>
          )),
          column("audience", text.audience, (row) => text.audiences[row.audience.kind]),
          column("purpose", text.purpose, (row) => text.purposes[row.purpose], "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("reached", text.recipients, (row) => formatCount(row.figures.recipients), "end", "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
        ]}
      />
      {isNew && <NewAnnouncementDialog onClose={() => setIsNew(false)} />}
    </Page>
  );
}

export function titleOf({ texts }: Announcement): string {
  return texts.en?.title ?? Object.values(texts)[0]?.title ?? "";
}
