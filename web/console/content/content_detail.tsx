/// One page: as customers read it, its editions, and when which is shown.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { instantOf, MomentField } from "#ui/fields.tsx";
import { Card, Page, Skeleton } from "#ui/layout.tsx";
import { LoadedPage } from "#ui/loaded.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { WriteDialog } from "./content_form.tsx";
import { MoveDialog } from "./move_dialog.tsx";
import { Prose } from "./prose.tsx";
import { type ContentWhole, type Edition, useActs, useContent, useEdition } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

type Act = "write" | "move" | "publish" | "unpublish" | "remove";

export function ContentDetail() {
  const text = useText();
  const { contentId } = detailRoute.useParams();
  return (
    <LoadedPage query={useContent(contentId)} title={text.title}>
      {(content) => <Whole content={content} />}
    </LoadedPage>
  );
}

function Whole({ content }: { content: ContentWhole }) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const [act, setAct] = useState<Act | null>(null);
  const [seen, setSeen] = useState<number | null>(null);
  const number = seen ?? content.latest_edition;
  const edition = useEdition(content.content_id, number, content.latest);
  const mayEdit = may("Content:edit");
  return (
    <Page
      title={content.title}
      lead={
        <>
          <span>{text.kinds[content.kind]}</span>
          <code>{content.slug}</code>
          <Badge tone={TONES[content.status]}>{text.statuses[content.status]}</Badge>
        </>
      }
      acts={
        <>
          {mayEdit && (
            <>
              <Button onPress={() => setAct("write")}>{words.edit}</Button>
              <Button onPress={() => setAct("move")}>{text.move}</Button>
              {content.publications.length > 0 && (
                <Button onPress={() => setAct("unpublish")}>{text.unpublish}</Button>
              )}
              <Button kind="primary" onPress={() => setAct("publish")}>
                {text.publish}
              </Button>
            </>
          )}
          {may("Content:delete") && <Button onPress={() => setAct("remove")}>{words.remove}</Button>}
        </>
      }
    >
      <div className="split">
        <div className="stack">{edition ? <Preview edition={edition} /> : <Skeleton lines={8} />}</div>
        <div className="stack">
          <Editions content={content} number={number} onSee={setSeen} mayEdit={mayEdit} />
          <Card title={text.shown}>
            {content.publications.length === 0 && <p className="muted">{text.notShown}</p>}
            <ul className="work-list">
              {content.publications.map((each) => (
                <li key={`${each.edition} ${each.active_from}`}>
                  <span className="row between line">
                    <span>{text.number(each.edition)}</span>
                    <span className="muted">
                      <Instant at={each.active_from} /> – <Instant at={each.active_until} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          </Card>
        </div>
      </div>
      {act === "write" && <WriteDialog content={content} onClose={() => setAct(null)} />}
      {act === "move" && <MoveDialog content={content} onClose={() => setAct(null)} />}
      {act !== null && act !== "write" && act !== "move" && (
        <ActOn content={content} number={number} act={act} onClose={() => setAct(null)} />
      )}
    </Page>
  );
}

function Preview({ edition }: { edition: Edition }) {
  const text = useText();
  const words = useWords();
  return (
    <>
      {Object.entries(edition.texts).map(([language, each]) => (
        <Card key={language} title={`${text.preview}, ${words.languages[language as "en"]}`}>
          <article className="preview" lang={language}>
            {edition.image && (
              <img
                src={edition.image.large_url}
                alt={edition.image.alt}
                width={edition.image.width}
                height={edition.image.height}
              />
            )}
            <h3>{each.title}</h3>
            {each.summary && <p className="muted">{each.summary}</p>}
            <Prose html={each.html} />
            {each.button && <p className="button">{each.button}</p>}
          </article>
        </Card>
      ))}
    </>
  );
}

interface EditionsProps {
  content: ContentWhole;
  number: number;
  onSee: (edition: number) => void;
  mayEdit: boolean;
}

function Editions({ content, number, onSee, mayEdit }: EditionsProps) {
  const text = useText();
  const words = useWords();
  const { restore } = useActs();
  return (
    <Card title={text.editions}>
      <ul className="work-list">
        {content.editions.map((each) => (
          <li key={each.edition}>
            <span className="row between line">
              <Button
                kind="quiet"
                className="cell-button"
                aria-pressed={each.edition === number}
                onPress={() => onSee(each.edition)}
              >
                {text.number(each.edition)}
              </Button>
              <span className="row">
                <span className="muted">
                  <Instant at={each.created_at} />
                </span>
                {mayEdit && each.edition !== content.latest_edition && (
                  <Button
                    className="small"
                    onPress={() =>
                      void restore(content, each.edition).then(
                        () => toast(text.restored),
                        () => toast(words.failed),
                      )
                    }
                  >
                    {text.restore}
                  </Button>
                )}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface ActOnProps {
  content: ContentWhole;
  number: number;
  act: Exclude<Act, "write" | "move">;
  onClose: () => void;
}

function ActOn({ content, number, act, onClose }: ActOnProps) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { publish, unpublish, remove } = useActs();
  if (act === "publish")
    return (
      <Confirm
        title={text.publishEdition(number)}
        label={text.publish}
        lead={text.publishLead}
        done={text.published}
        onClose={onClose}
        act={async (_reason, _key, values) => {
          await publish(content, {
            edition: number,
            active_from: instantOf(values, "active_from"),
            active_until: instantOf(values, "active_until"),
          });
          return "done";
        }}
      >
        <div className="fields">
          <MomentField name="active_from" label={words.from} hint={text.fromHint} />
          <MomentField name="active_until" label={words.until} />
        </div>
      </Confirm>
    );
  const isRemove = act === "remove";
  return (
    <Confirm
      title={isRemove ? text.removeTitle : text.unpublish}
      label={isRemove ? words.remove : text.unpublish}
      lead={isRemove ? words.removeLead : text.unpublishLead}
      done={isRemove ? words.removed : text.unpublished}
      isDangerous
      onClose={onClose}
      act={async () => {
        if (isRemove) {
          await remove(content.content_id);
          void navigate({ to: "/content" });
        } else await unpublish(content);
        return "done";
      }}
    />
  );
}
