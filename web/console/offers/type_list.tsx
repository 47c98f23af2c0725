/// The types of offers, and how many offers have each.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable, wholeList } from "#ui/data_table.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { formatCount, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type OfferType, useTypeActs, useTypes } from "./queries.ts";
import { useText } from "./text.ts";

const shown = ({ name, description }: OfferType) => ({ name, description });
const read = ({ name = "", description = "" }: Values) => ({ name, description });

export function TypeList() {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const types = useTypes();
  const { createType, updateType, removeType } = useTypeActs();
  const [isNew, setIsNew] = useState(false);
  const [chosen, setChosen] = useState<{ id: string; act: "edit" | "remove" } | null>(null);
  const type = types.data?.find((each) => each.offer_type_id === chosen?.id);
  const mayEdit = may("OfferTypes:edit");
  const mayRemove = may("OfferTypes:delete");
  const close = () => setChosen(null);
  return (
    <Page
      title={text.types}
      lead={<Link to="/offers">{text.title}</Link>}
      acts={
        may("OfferTypes:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.newType}
          </Button>
        )
      }
    >
      <DataTable
        label={text.types}
        list={wholeList(types)}
        rowKey={(row) => row.offer_type_id}
        empty={<Empty title={text.noTypes} />}
        columns={(column) => [
          column("name", words.name, (row) => row.name),
          column("description", words.description, (row) => row.description || <Nothing />, "minor"),
          column("offers", text.offersOfType, (row) => formatCount(row.offer_count), "end"),
          ...(mayEdit || mayRemove
            ? [
                column(
                  "act",
                  words.actions,
                  (row: OfferType) => (
                    <span className="row acts-end">
                      {mayEdit && (
                        <Button
                          className="small"
                          onPress={() => setChosen({ id: row.offer_type_id, act: "edit" })}
                        >
                          {words.edit}
                        </Button>
                      )}
                      {mayRemove && row.offer_count === 0 && (
                        <Button
                          className="small"
                          onPress={() => setChosen({ id: row.offer_type_id, act: "remove" })}
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
          title={text.newType}
          submitLabel={words.create}
          onClose={() => setIsNew(false)}
          act={async (values) => {
            await createType(read(values));
            setIsNew(false);
            toast(words.created);
          }}
        >
          <TypeFields />
        </ActDialog>
      )}
      {type && chosen?.act === "edit" && (
        <EditDialog
          title={type.name}
          thing={type}
          shown={shown}
          onClose={close}
          save={async (values, started, etag) => {
            await updateType(type.offer_type_id, etag, onlyChanged(read(values), shown(started)));
            close();
            toast(words.saved);
          }}
        >
          <TypeFields type={type} />
        </EditDialog>
      )}
      {type && chosen?.act === "remove" && (
        <Confirm
          title={text.removeType(type.name)}
          label={words.remove}
          lead={text.removeTypeLead}
          done={words.removed}
          isDangerous
          onClose={close}
          act={async () => {
            await removeType(type.offer_type_id);
            return "done";
          }}
        />
      )}
    </Page>
  );
}

function TypeFields({ type }: { type?: OfferType }) {
  const words = useWords();
  return (
    <>
      <TextField
        name="name"
        label={words.name}
        defaultValue={type?.name ?? ""}
        isRequired
        minLength={2}
        maxLength={80}
      />
      <TextField
        name="description"
        label={words.description}
        defaultValue={type?.description ?? ""}
        rows={3}
        maxLength={2000}
      />
    </>
  );
}
