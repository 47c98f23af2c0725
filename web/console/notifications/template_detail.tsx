/// One template: its texts, what they look like with sample values, its editions, a test to oneself, publishing.
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { Card, Facts, Page } from "#ui/layout.tsx";
import { Loaded, LoadedPage } from "#ui/loaded.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Preview, type TemplateWhole, useActs, usePreview, useTemplate } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { EditTemplateDialog } from "./template_form.tsx";
import { useText } from "./text.ts";

export function TemplateDetail() {
  const text = useText();
  const place = detailRoute.useParams();
  return (
    <LoadedPage query={useTemplate(place)} title={text.title}>
      {(template) => <Whole template={template} />}
    </LoadedPage>
  );
}

function Whole({ template }: { template: TemplateWhole }) {
  const text = useText();
  const words = useWords();
  const mayEdit = useMay()("Notifications:edit");
  const [seen, setSeen] = useState<number | null>(null);
  const [isEditing, setIsEditing] = useState(false);
  const [publishing, setPublishing] = useState<number | null>(null);
  const acts = useActs(template);
  const number = seen ?? template.latest_edition;
  const run = (act: Promise<unknown>, done: string) =>
    void act.then(
      () => toast(done),
      () => toast(words.failed),
    );
  return (
    <Page
      title={template.title}
      lead={
        <>
          <span>{words.languages[template.language]}</span>
          <span>{text.types[template.type]}</span>
          {template.is_mandatory && <Badge>{text.mandatory}</Badge>}
        </>
      }
      acts={
        mayEdit && (
          <>
            <Button onPress={() => run(acts.test(number), text.tested)}>{text.test}</Button>
            <Button onPress={() => setIsEditing(true)}>{words.edit}</Button>
            {number !== template.published_edition && (
              <Button kind="primary" onPress={() => setPublishing(number)}>
                {text.publish(number)}
              </Button>
            )}
          </>
        )
      }
    >
      <div className="split">
        <PreviewCard template={template} number={number} />
        <div className="stack">
          <Card title={text.editions}>
            <ul className="work-list">
              {[0, ...template.editions.map((each) => each.edition)]
                .sort((one, other) => other - one)
                .map((each) => {
                  const edition = template.editions.find((one) => one.edition === each);
                  return (
                    <li key={each}>
                      <span className="row between line">
                        <Button
                          kind="quiet"
                          className="cell-button"
                          aria-pressed={each === number}
                          onPress={() => setSeen(each)}
                        >
                          {each === 0 ? text.built : text.number(each)}
                        </Button>
                        <span className="row">
                          {edition && (
                            <span className="muted">
                              <Instant at={edition.created_at} />
                            </span>
                          )}
                          {each === template.published_edition && <Badge tone="good">{text.published}</Badge>}
                          {mayEdit && each !== template.latest_edition && (
                            <Button className="small" onPress={() => run(acts.restore(each), text.restored)}>
                              {text.restore}
                            </Button>
                          )}
                        </span>
                      </span>
                    </li>
                  );
                })}
            </ul>
          </Card>
          <Card title={text.variables}>
            <Facts
              facts={template.variables.map((each): [string, string] => [
                `{${each.name}}`,
                each.sample + (each.is_required ? `, ${text.needed}` : ""),
              ])}
            />
          </Card>
        </div>
      </div>
      {isEditing && <EditTemplateDialog template={template} onClose={() => setIsEditing(false)} />}
      {publishing !== null && (
        <Confirm
          title={text.publish(publishing)}
          label={text.publish(publishing)}
          lead={text.publishLead}
          done={text.publishedNow}
          onClose={() => setPublishing(null)}
          act={async () => {
            await acts.publish(publishing);
            return "done";
          }}
        />
      )}
    </Page>
  );
}

function PreviewCard({ template, number }: { template: TemplateWhole; number: number }) {
  const text = useText();
  const preview = usePreview(template, number);
  return (
    <Card title={`${text.preview}: ${number === 0 ? text.built : text.number(number)}`}>
      <Loaded query={preview} lines={8}>
        {(shown) => <Shown preview={shown} language={template.language} />}
      </Loaded>
    </Card>
  );
}

const PARTS = ["sms", "push_title", "push_body", "email_subject", "email_text"] as const;

function Shown({ preview, language }: { preview: Preview; language: string }) {
  const text = useText();
  return (
    <div className="stack" lang={language}>
      <section className="preview">
        <strong>{preview.title}</strong>
        <p>{preview.body}</p>
      </section>
      {PARTS.filter((part) => preview[part] !== "").map((part) => (
        <section key={part}>
          <h3>{text.parts[part]}</h3>
          <p className="preview">{preview[part]}</p>
        </section>
      ))}
    </div>
  );
}
