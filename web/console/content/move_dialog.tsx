/// Where a page stands: its name in the address, and its place in the list.
import { TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { countOf } from "#ui/fields.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type ContentWhole, useActs } from "./queries.ts";
import { useText } from "./text.ts";

const shown = ({ slug, position }: ContentWhole) => ({ slug, position });

export function MoveDialog({ content, onClose }: { content: ContentWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { move } = useActs();
  return (
    <EditDialog
      title={text.move}
      thing={content}
      shown={shown}
      onClose={onClose}
      save={async (values, started, etag) => {
        const wanted = {
          slug: (values.slug ?? "").trim(),
          position: countOf(values, "position", words.numberInvalid) ?? 0,
        };
        await move(content.content_id, etag, onlyChanged(wanted, shown(started)));
        onClose();
        toast(words.saved);
      }}
    >
      <p className="muted">{text.moveLead}</p>
      <TextField
        name="slug"
        label={text.slug}
        defaultValue={content.slug}
        isRequired
        maxLength={80}
        autoComplete="off"
      />
      <TextField
        name="position"
        label={words.position}
        inputMode="numeric"
        defaultValue={String(content.position)}
      />
    </EditDialog>
  );
}
