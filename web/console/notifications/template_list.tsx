/// All templates, in each language.
import { Link, useNavigate } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Template, useTemplates } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function TemplateList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useTemplates(filters);
  const place = (row: Template) => ({ kind: row.kind, language: row.language });
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={filters}
        choices={[
          { name: "type", label: words.kind, options: optionsOf(text.types) },
          { name: "language", label: words.language, options: optionsOf(words.languages) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => `${row.kind} ${row.language}`}
        onOpen={(row) => void navigate({ to: "/templates/$kind/$language", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("title", text.heading, (row) => (
            <Link to="/templates/$kind/$language" params={place(row)}>
              {row.title}
            </Link>
          )),
          column("kind", text.sentFor, (row) => row.kind.replaceAll("_", " ")),
          column("language", words.language, (row) => words.languages[row.language]),
          column("type", words.kind, (row) => text.types[row.type], "minor"),
          column("channels", text.channels, (row) => row.channels.join(", ").replace("_", " "), "minor"),
          column("edition", text.edition, (row) =>
            row.latest_edition > row.published_edition ? (
              <Badge tone="warn">{text.notPublished(row.latest_edition)}</Badge>
            ) : (
              row.published_edition
            ),
          ),
          column("at", text.changed, (row) => <Instant at={row.updated_at} />, "end", "minor"),
        ]}
      />
    </Page>
  );
}
