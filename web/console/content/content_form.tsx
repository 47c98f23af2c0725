/// Writing: a new page, or a new edition of one that is there.
import { useNavigate } from "@tanstack/react-router";
import { Select, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { Form, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type ContentWhole, type Edition, type Kind, type Texts, useActs, useImages } from "./queries.ts";
import { useText } from "./text.ts";

const LANGUAGES = ["en", "hi"] as const;
/// Stands for no picture: a choice needs a value.
const NONE = "none";

function read(values: Values): Texts {
  const texts: Record<string, { title: string; summary: string; body: string; button: string }> = {};
  for (const language of LANGUAGES) {
    const of = (part: string) => values[`texts.${language}.${part}`] ?? "";
    if (of("title").trim())
      texts[language] = {
        title: of("title"),
        summary: of("summary"),
        body: of("body"),
        button: of("button"),
      };
  }
  const image = values.image_id ?? NONE;
  return {
    texts: texts as Texts["texts"],
    image_id: image === NONE ? null : image,
    link: values.link ?? "",
  };
}

/// What the latest edition says, as it was written: without what follows from it.
function asWritten({ latest }: ContentWhole): Texts {
  const texts = Object.entries(latest.texts).map(([language, { title, summary, body, button }]) => [
    language,
    { title, summary, body, button },
  ]);
  return { texts: Object.fromEntries(texts), image_id: latest.image?.image_id ?? null, link: latest.link };
}

export function NewContentDialog({ onClose }: { onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { create } = useActs();
  return (
    <Dialog title={text.create} isOpen onClose={onClose} className="wide">
      <Form
        submitLabel={words.create}
        onCancel={onClose}
        act={async (values) => {
          const made = await create({
            ...read(values),
            slug: values.slug ?? "",
            kind: (values.kind ?? "faq") as Kind,
          });
          onClose();
          toast(words.created);
          void navigate({ to: "/content/$contentId", params: { contentId: made.content_id } });
        }}
      >
        <p className="muted">{text.draftLead}</p>
        <div className="fields">
          <Select name="kind" label={words.kind} options={optionsOf(text.kinds)} defaultValue="faq" />
          <TextField name="slug" label={text.slug} placeholder="how-to-recharge" isRequired />
        </div>
        <Fields />
      </Form>
    </Dialog>
  );
}

export function WriteDialog({ content, onClose }: { content: ContentWhole; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { write } = useActs();
  return (
    <EditDialog
      title={text.write}
      thing={content}
      shown={(thing) => ({ ...asWritten(thing) })}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        const now = asWritten(content);
        // An edition is whole: what another admin wrote meanwhile stays, where this person wrote nothing.
        await write(content.content_id, etag, {
          ...now,
          ...onlyChanged(read(values), asWritten(started), now),
        });
        onClose();
        toast(words.saved);
      }}
    >
      <Fields edition={content.latest} />
    </EditDialog>
  );
}

function Fields({ edition }: { edition?: Edition }) {
  const text = useText();
  const words = useWords();
  const images = useImages(undefined);
  const options = images.rows.map(({ image_id, alt }) => ({
    id: image_id,
    label: alt || image_id.slice(0, 8),
  }));
  return (
    <>
      {LANGUAGES.map((language) => {
        const before = edition?.texts[language];
        const name = (part: string) => `texts.${language}.${part}`;
        return (
          <fieldset className="checks stack" key={language}>
            <legend>{words.languages[language]}</legend>
            <TextField
              name={name("title")}
              label={text.heading}
              defaultValue={before?.title ?? ""}
              isRequired={language === "en"}
            />
            <TextField name={name("summary")} label={text.summary} defaultValue={before?.summary ?? ""} />
            <TextField
              name={name("body")}
              label={text.body}
              hint={text.bodyHint}
              defaultValue={before?.body ?? ""}
              rows={6}
            />
            <TextField name={name("button")} label={text.button} defaultValue={before?.button ?? ""} />
          </fieldset>
        );
      })}
      <div className="fields">
        {!images.isLoading && (
          <Select
            name="image_id"
            label={text.image}
            options={[{ id: NONE, label: words.none }, ...options]}
            defaultValue={edition?.image?.image_id ?? NONE}
          />
        )}
        <TextField name="link" label={text.link} hint={text.linkHint} defaultValue={edition?.link ?? ""} />
      </div>
    </>
  );
}
