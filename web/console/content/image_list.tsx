/// Pictures of the pages: added with words for those who don't see them, deleted when no page has them.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { FileField } from "#ui/fields.tsx";
import { ActDialog } from "#ui/form.tsx";
import { Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { formatSize, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Picture, useActs, useImages } from "./queries.ts";
import { imagesRoute } from "./routes.tsx";
import { useText } from "./text.ts";

export function ImageList() {
  const text = useText();
  const words = useWords();
  const { cursor } = imagesRoute.useSearch();
  const may = useMay();
  const { upload, removeImage } = useActs();
  const [isNew, setIsNew] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const [gone, setGone] = useState<Picture | null>(null);
  return (
    <Page
      title={text.images}
      lead={<Link to="/content">{text.title}</Link>}
      acts={
        may("Content:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.upload}
          </Button>
        )
      }
    >
      <DataTable
        label={text.images}
        list={useImages(cursor)}
        rowKey={(row) => row.image_id}
        empty={<Empty title={text.noImages} />}
        columns={(column) => [
          column("image", text.image, (row) => (
            <img className="thumbnail" src={row.thumbnail_url} alt={row.alt} height={48} />
          )),
          column("alt", text.alt, (row) => row.alt),
          column("size", text.size, (row) => `${row.width} × ${row.height}`, "end", "minor"),
          column("bytes", text.bytes, (row) => formatSize(row.size_bytes), "end", "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
          ...(may("Content:delete")
            ? [
                column(
                  "act",
                  words.actions,
                  (row) => (
                    <Button className="small" onPress={() => setGone(row)}>
                      {words.remove}
                    </Button>
                  ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {isNew && (
        <ActDialog
          title={text.upload}
          submitLabel={text.upload}
          isDisabled={!file}
          onClose={() => setIsNew(false)}
          act={async (values) => {
            if (!file) return;
            await upload(file, values.alt ?? "");
            setIsNew(false);
            setFile(null);
            toast(words.saved);
          }}
        >
          <FileField
            label={text.file}
            accept="image/jpeg,image/png,image/webp,image/gif"
            hint={text.fileHint}
            onChoose={setFile}
          />
          <TextField name="alt" label={text.alt} hint={text.altHint} maxLength={200} isRequired />
        </ActDialog>
      )}
      {gone && (
        <Confirm
          title={text.removeImage}
          label={words.remove}
          lead={words.removeLead}
          done={words.removed}
          isDangerous
          onClose={() => setGone(null)}
          act={async () => {
            await removeImage(gone.image_id);
            return "done";
          }}
        />
      )}
    </Page>
  );
}
