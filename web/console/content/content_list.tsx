/// All pages, banners and questions.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { NewContentDialog } from "./content_form.tsx";
import { type Content, useContents } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function ContentList() {
  const text = useText();
  const words = useWords();
  const { kind, cursor } = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useContents(kind, cursor);
  const mayWrite = useMay()("Content:write");
  const [isNew, setIsNew] = useState(false);
  const place = (row: Content) => ({ contentId: row.content_id });
  return (
    <Page
      title={text.title}
      lead={<Link to="/content/images">{text.images}</Link>}
      acts={
        mayWrite && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {words.create}
          </Button>
        )
      }
    >
      <Filters
        values={{ kind }}
        choices={[{ name: "kind", label: words.kind, options: optionsOf(text.kinds) }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.content_id}
        onOpen={(row) => void navigate({ to: "/content/$contentId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("title", text.heading, (row) => (
            <Link to="/content/$contentId" params={place(row)}>
              {row.title}
            </Link>
          )),
          column("kind", words.kind, (row) => text.kinds[row.kind]),
          column("slug", text.slug, (row) => <code>{row.slug}</code>, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("edition", text.edition, (row) => row.latest_edition, "end", "minor"),
          column("at", text.changed, (row) => <Instant at={row.updated_at} />, "end", "minor"),
        ]}
      />
      {isNew && <NewContentDialog onClose={() => setIsNew(false)} />}
    </Page>
  );
}
