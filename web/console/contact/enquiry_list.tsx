/// What people wrote to us, the newest first.
import { Link, useNavigate } from "@tanstack/react-router";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { Badge, Instant, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Enquiry, useEnquiries } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function EnquiryList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = useEnquiries(filters);
  const place = (row: Enquiry) => ({ enquiryId: row.enquiry_id });
  return (
    <Page title={text.title} lead={<Link to="/enquiries/figures">{text.figures}</Link>}>
      <Filters
        values={filters}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "category", label: text.category, options: optionsOf(text.categories) },
          { name: "owner", label: text.assignee, options: optionsOf(text.owners) },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.enquiry_id}
        onOpen={(row) => void navigate({ to: "/enquiries/$enquiryId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("excerpt", text.wrote, (row) => (
            <Link to="/enquiries/$enquiryId" params={place(row)}>
              {row.excerpt}
            </Link>
          )),
          column("sender", text.sender, (row) => row.user?.name ?? (row.sender.name || <Nothing />)),
          column("category", text.category, (row) => text.categories[row.category], "minor"),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
        ]}
      />
    </Page>
  );
}
