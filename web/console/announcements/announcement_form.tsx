/// The form of an announcement: to whom, by which ways, its texts in each language with a preview of what is read.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Select, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { Checks, chosenOf } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { Form, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Announcement, type New, type Text, useActs } from "./queries.ts";
import { useText } from "./text.ts";

const LANGUAGES = ["en", "hi"] as const;
type Kind = New["audience"]["kind"];

/// A language without a title is left out.
function readTexts(values: Values): Record<string, Text> {
  const texts: Record<string, Text> = {};
  for (const language of LANGUAGES) {
    const of = (part: string) => values[`texts.${language}.${part}`]?.trim() ?? "";
    if (of("title") || of("body"))
      texts[language] = {
        title: of("title"),
        body: of("body"),
        sms: of("sms"),
        dlt_template: of("dlt_template"),
      };
  }
  return texts;
}

function read(values: Values): New {
  const kind = (values.kind ?? "customers") as Kind;
  const given = (name: string) => values[name]?.trim() || null;
  return {
    audience: {
      kind,
      user_type: (kind === "customers" ? given("user_type") : null) as "prepaid" | null,
      operator: kind === "customers" ? (given("operator")?.toUpperCase() ?? null) : null,
      circle: kind === "customers" ? (given("circle")?.toUpperCase() ?? null) : null,
      campaign_id: kind === "campaign" ? given("campaign_id") : null,
      user_id: kind === "customer" ? given("user_id") : null,
    },
    purpose: (values.purpose ?? "service") as New["purpose"],
    channels: chosenOf(values, "channels"),
    texts: readTexts(values) as New["texts"],
  };
}

const shown = ({ audience, purpose, channels, texts }: Announcement) =>
  ({ audience, purpose, channels, texts }) as New & Record<string, unknown>;

export function NewAnnouncementDialog({ onClose }: { onClose: () => void }) {
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
          const made = await create(read(values));
          onClose();
          toast(words.created);
          const params = { announcementId: made.announcement_id };
          void navigate({ to: "/announcements/$announcementId", params });
        }}
      >
        <p className="muted">{text.draftLead}</p>
        <Fields />
      </Form>
    </Dialog>
  );
}

export function EditAnnouncementDialog({
  announcement,
  onClose,
}: {
  announcement: Announcement;
  onClose: () => void;
}) {
  const text = useText();
  const words = useWords();
  const { update } = useActs();
  return (
    <EditDialog
      title={text.edit}
      thing={announcement}
      shown={shown}
      className="wide"
      onClose={onClose}
      save={async (values, started, etag) => {
        await update(
          announcement.announcement_id,
          etag,
          onlyChanged(read(values), shown(started), shown(announcement)),
        );
        onClose();
        toast(words.saved);
      }}
    >
      <Fields announcement={announcement} />
    </EditDialog>
  );
}

function Fields({ announcement }: { announcement?: Announcement }) {
  const text = useText();
  const audience = announcement?.audience;
  const [kind, setKind] = useState<Kind>(audience?.kind ?? "customers");
  return (
    <>
      <div className="fields">
        <Select
          name="kind"
          label={text.audience}
          options={optionsOf(text.audiences)}
          value={kind}
          onChange={(value) => setKind(value as Kind)}
        />
        <Select
          name="purpose"
          label={text.purpose}
          options={optionsOf(text.purposes)}
          defaultValue={announcement?.purpose ?? "service"}
        />
        {kind === "customers" && (
          <>
            <TextField name="operator" label={text.operator} defaultValue={audience?.operator ?? ""} />
            <TextField name="circle" label={text.circle} defaultValue={audience?.circle ?? ""} />
          </>
        )}
        {kind === "campaign" && (
          <TextField
            name="campaign_id"
            label={text.campaignId}
            defaultValue={audience?.campaign_id ?? ""}
            isRequired
          />
        )}
        {kind === "customer" && (
          <TextField name="user_id" label={text.userId} defaultValue={audience?.user_id ?? ""} isRequired />
        )}
      </div>
      <Checks
        name="channels"
        label={text.channels}
        options={optionsOf(text.channelNames)}
        chosen={announcement?.channels ?? []}
      />
      {LANGUAGES.map((language) => (
        <TextFields key={language} language={language} text={announcement?.texts[language]} />
      ))}
    </>
  );
}

function TextFields({ language, text: before }: { language: "en" | "hi"; text: Text | undefined }) {
  const text = useText();
  const words = useWords();
  const [title, setTitle] = useState(before?.title ?? "");
  const [body, setBody] = useState(before?.body ?? "");
  const name = (part: string) => `texts.${language}.${part}`;
  return (
    <fieldset className="checks stack">
      <legend>{words.languages[language]}</legend>
      <TextField
        name={name("title")}
        label={text.heading}
        value={title}
        onChange={setTitle}
        maxLength={120}
        isRequired={language === "en"}
      />
      <TextField
        name={name("body")}
        label={text.body}
        value={body}
        onChange={setBody}
        rows={3}
        isRequired={language === "en"}
      />
      <div className="fields">
        <TextField name={name("sms")} label={text.sms} defaultValue={before?.sms ?? ""} rows={2} />
        <TextField name={name("dlt_template")} label={text.dlt} defaultValue={before?.dlt_template ?? ""} />
      </div>
      {(title || body) && <Preview title={title} body={body} language={language} />}
    </fieldset>
  );
}

/// As a customer reads it in the app.
export function Preview({ title, body, language }: { title: string; body: string; language: string }) {
  const text = useText();
  return (
    <section className="preview" aria-label={text.preview} lang={language}>
      <strong>{title}</strong>
      <p>{body}</p>
    </section>
  );
}
