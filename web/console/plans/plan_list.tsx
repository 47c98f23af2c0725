/// All plans of the catalogue, what was changed last first.
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { saveFile } from "#ui/api.ts";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { NewPlanDialog, Price, validityOf } from "./plan_form.tsx";
import { type Plan, useActs, useGroups, useMayOf, usePlans } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function PlanList() {
  const text = useText();
  const words = useWords();
  const filters = listRoute.useSearch();
  const navigate = useNavigate();
  const list = usePlans(filters);
  const groups = useGroups();
  const may = useMayOf();
  const { exported } = useActs();
  const [isNew, setIsNew] = useState(false);
  const place = (row: Plan) => ({ planId: row.plan_id });
  return (
    <Page
      title={text.title}
      lead={
        <>
          <Link to="/plans/groups">{text.groups}</Link>
          {may.write && may.edit && <Link to="/plans/import">{text.import}</Link>}
        </>
      }
      acts={
        <>
          <Button
            onPress={() =>
              void exported("xlsx").then(
                (file) => saveFile(file, "plans.xlsx"),
                () => toast(words.failed),
              )
            }
          >
            {text.export}
          </Button>
          {may.write && (
            <Button kind="primary" onPress={() => setIsNew(true)}>
              {text.create}
            </Button>
          )}
        </>
      }
    >
      <Filters
        values={filters}
        texts={[
          { name: "search", label: words.name },
          {
            name: "operator",
            label: words.operator,
            placeholder: "JIO",
            read: (typed) => typed.toUpperCase(),
          },
        ]}
        choices={[
          { name: "status", label: words.status, options: optionsOf(text.statuses) },
          { name: "category", label: text.category, options: optionsOf(text.categories) },
          {
            name: "group",
            label: text.group,
            options: (groups.data ?? []).map(({ name }) => ({ id: name, label: name })),
          },
          { name: "scheduled", label: text.schedule, options: [{ id: "true", label: text.scheduled }] },
        ]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.plan_id}
        onOpen={(row) => void navigate({ to: "/plans/$planId", params: place(row) })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("name", words.name, (row) => (
            <Link to="/plans/$planId" params={place(row)}>
              {row.name}
            </Link>
          )),
          column("operator", words.operator, (row) => row.operator),
          column("category", text.category, (row) => text.categories[row.category], "minor"),
          column("group", text.group, (row) => row.group, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={row.scheduled ? "warn" : TONES[row.status]}>
              {row.scheduled ? text.scheduled : text.statuses[row.status]}
            </Badge>
          )),
          column("validity", text.validity, (row) => validityOf(row.validity, text), "minor"),
          column("price", text.price, (row) => <Price plan={row} />, "end"),
          column("updated", text.updated, (row) => <Instant at={row.updated_at} />, "end", "minor"),
        ]}
      />
      {isNew && <NewPlanDialog onClose={() => setIsNew(false)} />}
    </Page>
  );
}
