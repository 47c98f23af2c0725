/// One enquiry: the whole conversation, and what may be written next.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, Select, TextField } from "#ui/controls.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { Form } from "#ui/form.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { useAdmin, useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Phone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Category, type EnquiryWhole, type Entry, useActs, useEnquiry } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function EnquiryDetail() {
  const text = useText();
  const { enquiryId } = detailRoute.useParams();
  return (
    <LoadedPage query={useEnquiry(enquiryId)} title={text.title}>
      {(enquiry) => <Conversation enquiry={enquiry} />}
    </LoadedPage>
  );
}

function Conversation({ enquiry }: { enquiry: EnquiryWhole }) {
  const text = useText();
  const words = useWords();
  const admin = useAdmin();
  const navigate = useNavigate();
  const may = useMay();
  const mayEdit = may("Contact:edit", { scoped: true });
  const mayRemove = may("Contact:delete", { scoped: true });
  const acts = useActs(enquiry);
  const [isRemoving, setIsRemoving] = useState(false);
  const isMine = enquiry.assignee_id === admin.admin_id;
  const isClosed = enquiry.status === "resolved" || enquiry.status === "spam";
  const run = (act: Promise<unknown>, done: string) =>
    void act.then(
      () => toast(done),
      () => toast(words.failed),
    );
  return (
    <Page
      title={enquiry.user?.name ?? (enquiry.sender.name || text.title)}
      lead={
        <>
          <span>{text.categories[enquiry.category]}</span>
          <Badge tone={TONES[enquiry.status]}>{text.statuses[enquiry.status]}</Badge>
        </>
      }
      acts={
        <>
          {mayEdit && (
            <Button onPress={() => run(acts.assign(isMine ? null : admin.admin_id), words.saved)}>
              {isMine ? text.give : text.take}
            </Button>
          )}
          {mayEdit && isClosed && (
            <Button onPress={() => run(acts.reopen(), text.reopened)}>{text.reopen}</Button>
          )}
          {mayRemove && <Button onPress={() => setIsRemoving(true)}>{words.remove}</Button>}
        </>
      }
    >
      <div className="split">
        <div className="stack">
          <ul className="talk">
            {enquiry.entries.map((entry) => (
              <li key={entry.entry_id} className={CLASSES[entry.kind]}>
                <p>{entry.text}</p>
                <small className="muted">
                  {text.entries[entry.kind]} · <Instant at={entry.created_at} />
                </small>
              </li>
            ))}
          </ul>
          {mayEdit && <Answer enquiry={enquiry} isClosed={isClosed} />}
        </div>
        <div className="stack">
          <Card title={text.sender}>
            <Facts
              facts={[
                [words.customer, <UserLink key="user" userId={enquiry.user_id} user={enquiry.user} />],
                [text.email, enquiry.sender.email || null],
                [text.phone, <Phone key="phone" number={enquiry.sender.phone_number} />],
                [
                  text.recharge,
                  <RechargeLink key="r" userId={enquiry.user_id} rechargeId={enquiry.recharge_id} />,
                ],
                [words.operator, enquiry.operator || null],
                [text.complaint, enquiry.complaint_reference || null],
                [text.assignee, isMine ? text.you : (enquiry.assignee_id?.slice(0, 8) ?? null)],
                [words.at, <Instant key="at" at={enquiry.created_at} />],
              ]}
            />
            {mayEdit && (
              <Select
                label={text.category}
                options={optionsOf(text.categories)}
                value={enquiry.category}
                onChange={(category) =>
                  category !== enquiry.category && run(acts.sort(category as Category), words.saved)
                }
              />
            )}
          </Card>
        </div>
      </div>
      {isRemoving && (
        <Confirm
          title={text.removeTitle}
          label={words.remove}
          lead={words.removeLead}
          done={words.removed}
          isDangerous
          reason="reason"
          onClose={() => setIsRemoving(false)}
          act={async (reason) => {
            await acts.remove(reason);
            void navigate({ to: "/enquiries" });
            return "done";
          }}
        />
      )}
    </Page>
  );
}

const CLASSES = { message: "", reply: "ours", resolution: "ours", note: "note-entry" };

function Answer({ enquiry, isClosed }: { enquiry: EnquiryWhole; isClosed: boolean }) {
  const text = useText();
  const { write } = useActs(enquiry);
  const kinds = isClosed ? { notes: text.writes.notes } : text.writes;
  // What comes after what was written is another form, with another key.
  const [round, setRound] = useState(0);
  return (
    <Card>
      <Form
        key={`${round} ${isClosed}`}
        submitLabel={text.send}
        act={async (values, key) => {
          await write((values.kind ?? "notes") as Entry, values.text ?? "", key);
          setRound(round + 1);
          toast(text.sent);
        }}
      >
        <Select
          name="kind"
          label={text.as}
          defaultValue={isClosed ? "notes" : "replies"}
          options={optionsOf(kinds)}
        />
        <TextField name="text" label={text.words} rows={5} isRequired maxLength={4000} />
      </Form>
    </Card>
  );
}
