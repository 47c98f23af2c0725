/// The groups of plans, in the order in which customers see them.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { countOf } from "#ui/fields.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { toast } from "#ui/toasts.tsx";
import { Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Group, useActs, useGroups, useMayOf } from "./queries.ts";
import { useText } from "./text.ts";

const shown = ({ name, description, sort_order }: Group) => ({ name, description, sort_order });

export function GroupList() {
  const text = useText();
  const words = useWords();
  const groups = useGroups();
  const may = useMayOf();
  const { createGroup, updateGroup, removeGroup } = useActs();
  const [isNew, setIsNew] = useState(false);
  const [chosen, setChosen] = useState<{ id: string; act: "edit" | "remove" } | null>(null);
  const group = groups.data?.find((each) => each.group_id === chosen?.id);
  const close = () => setChosen(null);
  const read = (values: Values) => ({
    name: values.name ?? "",
    description: values.description ?? "",
    sort_order: countOf(values, "sort_order", words.numberInvalid) ?? 0,
  });
  const all = (row: Group) => Object.values(row.plans).reduce((sum, count) => sum + count, 0);
  return (
    <Page
      title={text.groups}
      lead={<Link to="/plans">{text.title}</Link>}
      acts={
        may.writeGroups && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {words.create}
          </Button>
        )
      }
    >
      <DataTable
        label={text.groups}
        list={wholeList(groups)}
        rowKey={(row) => row.group_id}
        empty={<Empty title={text.noGroups} />}
        columns={(column) => [
          column("name", words.name, (row) => (
            <Link to="/plans" search={{ group: row.name }}>
              {row.name}
            </Link>
          )),
          column("description", words.description, (row) => row.description || <Nothing />, "minor"),
          column("plans", text.title, all, "end"),
          column("order", words.position, (row) => row.sort_order, "end", "minor"),
          ...(may.editGroups || may.removeGroups
            ? [
                column(
                  "act",
                  words.actions,
                  (row) => (
                    <span className="row acts-end">
                      {may.editGroups && (
                        <Button
                          className="small"
                          onPress={() => setChosen({ id: row.group_id, act: "edit" })}
                        >
                          {words.edit}
                        </Button>
                      )}
                      {may.removeGroups && all(row) === 0 && (
                        <Button
                          className="small"
                          onPress={() => setChosen({ id: row.group_id, act: "remove" })}
                        >
                          {words.remove}
                        </Button>
                      )}
                    </span>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {isNew && (
        <ActDialog
          title={text.newGroup}
          submitLabel={words.create}
          onClose={() => setIsNew(false)}
          act={async (values) => {
            await createGroup(read(values));
            setIsNew(false);
            toast(words.created);
          }}
        >
          <GroupFields />
        </ActDialog>
      )}
      {group && chosen?.act === "edit" && (
        <EditDialog
          title={group.name}
          thing={group}
          shown={shown}
          onClose={close}
          save={async (values, started, etag) => {
            await updateGroup(group.group_id, etag, onlyChanged(read(values), shown(started)));
            close();
            toast(words.saved);
          }}
        >
          <GroupFields group={group} />
        </EditDialog>
      )}
      {group && chosen?.act === "remove" && (
        <Confirm
          title={text.removeTitle(group.name)}
          label={words.remove}
          lead={words.removeLead}
          done={words.removed}
          isDangerous
          onClose={close}
          act={async () => {
            await removeGroup(group.group_id);
            return "done";
          }}
        />
      )}
    </Page>
  );
}

function GroupFields({ group }: { group?: Group }) {
  const words = useWords();
  return (
    <>
      <TextField name="name" label={words.name} defaultValue={group?.name ?? ""} isRequired maxLength={80} />
      <TextField name="description" label={words.description} defaultValue={group?.description ?? ""} />
      <TextField
        name="sort_order"
        label={words.position}
        inputMode="numeric"
        defaultValue={String(group?.sort_order ?? 0)}
      />
    </>
  );
}
