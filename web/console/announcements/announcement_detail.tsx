/// One announcement: as it is read, whom it reached, and sending it: to oneself first, if one likes.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { instantOf, MomentField } from "#ui/fields.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { EditAnnouncementDialog, Preview } from "./announcement_form.tsx";
import { titleOf } from "./announcement_list.tsx";
import { type Announcement, useActs, useAnnouncement } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

type Act = "edit" | "send" | "cancel" | "remove";

export function AnnouncementDetail() {
  const text = useText();
  const { announcementId } = detailRoute.useParams();
  return (
    <LoadedPage query={useAnnouncement(announcementId)} title={text.title}>
      {(announcement) => <Whole announcement={announcement} />}
    </LoadedPage>
  );
}

function Whole({ announcement }: { announcement: Announcement }) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const [act, setAct] = useState<Act | null>(null);
  const { status, audience, figures } = announcement;
  const mayEdit = may("Announcements:edit", { scoped: true });
  return (
    <Page
      title={titleOf(announcement)}
      lead={<Badge tone={TONES[status]}>{text.statuses[status]}</Badge>}
      acts={
        <>
          {mayEdit && status === "draft" && (
            <>
              <Button onPress={() => setAct("edit")}>{words.edit}</Button>
              <Button kind="primary" onPress={() => setAct("send")}>
                {text.send}
              </Button>
            </>
          )}
          {mayEdit && (status === "scheduled" || status === "shown") && (
            <Button onPress={() => setAct("cancel")}>{text.cancel}</Button>
          )}
          {may("Announcements:delete", { scoped: true }) && status === "draft" && (
            <Button onPress={() => setAct("remove")}>{words.remove}</Button>
          )}
        </>
      }
    >
      <div className="split">
        <div className="stack">
          {Object.entries(announcement.texts).map(([language, each]) => (
            <Card key={language} title={words.languages[language as "en"]}>
              <Preview title={each.title} body={each.body} language={language} />
              {each.sms && (
                <Facts
                  facts={[
                    [text.sms, each.sms],
                    [text.dlt, each.dlt_template || null],
                  ]}
                />
              )}
            </Card>
          ))}
        </div>
        <div className="stack">
          <Card title={text.audience}>
            <Facts
              facts={[
                [text.audience, text.audiences[audience.kind]],
                [text.purpose, text.purposes[announcement.purpose]],
                [
                  text.channels,
                  announcement.channels.map((each) => text.channelNames[each]).join(", ") || null,
                ],
                audience.operator !== null && [text.operator, audience.operator],
                audience.circle !== null && [text.circle, audience.circle],
                audience.user_id !== null && [
                  words.customer,
                  <UserLink key="user" userId={audience.user_id} />,
                ],
                [words.from, <Instant key="from" at={announcement.starts_at} />],
                [words.until, <Instant key="until" at={announcement.ends_at} />],
              ]}
            />
          </Card>
          {status !== "draft" && (
            <Card title={text.reached}>
              <Facts
                facts={[
                  [text.recipients, formatCount(figures.recipients)],
                  [text.inApp, formatCount(figures.in_app)],
                  [text.viewed, formatCount(figures.viewed)],
                  ...Object.entries(figures.channels).map(([channel, each]): [string, string] => [
                    text.channelNames[channel as "sms"] ?? channel,
                    [
                      text.channelFigures(each.sent, each.waiting, each.failed),
                      // Push services report nothing, and a provider may not either.
                      ...(each.delivered + each.undelivered > 0
                        ? [text.channelReports(each.delivered, each.undelivered)]
                        : []),
                    ].join("; "),
                  ]),
                ]}
              />
            </Card>
          )}
        </div>
      </div>
      {act === "edit" && <EditAnnouncementDialog announcement={announcement} onClose={() => setAct(null)} />}
      {act !== null && act !== "edit" && (
        <ActOn announcement={announcement} act={act} onClose={() => setAct(null)} />
      )}
    </Page>
  );
}

interface ActOnProps {
  announcement: Announcement;
  act: Exclude<Act, "edit">;
  onClose: () => void;
}

function ActOn({ announcement, act, onClose }: ActOnProps) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { send, cancel, remove } = useActs();
  const id = announcement.announcement_id;
  if (act === "send")
    return (
      <Confirm
        title={text.send}
        label={text.send}
        lead={text.sendLead}
        done={text.sent}
        isDangerous
        onClose={onClose}
        act={async (_reason, _key, values) => {
          const body = { starts_at: instantOf(values, "starts_at"), ends_at: instantOf(values, "ends_at") };
          await send(id, announcement.etag, body);
          return "done";
        }}
      >
        <div className="fields">
          <MomentField name="starts_at" label={words.from} hint={text.fromHint} />
          <MomentField name="ends_at" label={words.until} />
        </div>
      </Confirm>
    );
  if (act === "cancel")
    return (
      <Confirm
        title={text.cancel}
        label={text.cancel}
        lead={text.cancelLead}
        done={text.cancelled}
        isDangerous
        onClose={onClose}
        act={async () => {
          await cancel(id, announcement.etag);
          return "done";
        }}
      />
    );
  return (
    <Confirm
      title={text.removeTitle}
      label={words.remove}
      lead={words.removeLead}
      done={words.removed}
      isDangerous
      onClose={onClose}
      act={async () => {
        await remove(id);
        void navigate({ to: "/announcements" });
        return "done";
      }}
    />
  );
}
