/// Writing a new edition of a template.
import { TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type TemplateWhole, type Texts, useActs } from "./queries.ts";
import { useText } from "./text.ts";

const PARTS = [
  "title",
  "body",
  "sms",
  "dlt_template",
  "push_title",
  "push_body",
  "email_subject",
  "email_text",
] as const;
const LONG = new Set<string>(["body", "sms", "push_body", "email_text"]);

export function EditTemplateDialog({ template, onClose }: { template: TemplateWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { write } = useActs(template);
  return (
    <EditDialog
      title={text.newEdition}
      thing={template}
      shown={({ latest }) => latest}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        const texts = Object.fromEntries(PARTS.map((part) => [part, values[part] ?? ""]));
        const changed = onlyChanged(texts, started.latest as Record<string, unknown>);
        await write(etag, { ...template.latest, ...changed } as Texts);
        onClose();
        toast(words.saved);
      }}
    >
      <p className="muted">
        {text.variables}: {template.variables.map((each) => `{${each.name}}`).join(" ")}
      </p>
      {PARTS.map((part) => (
        <TextField
          key={part}
          name={part}
          label={text.parts[part]}
          defaultValue={template.latest[part] ?? ""}
          isRequired={part === "title" || part === "body"}
          {...(LONG.has(part) ? { rows: 3 } : {})}
        />
      ))}
    </EditDialog>
  );
}
