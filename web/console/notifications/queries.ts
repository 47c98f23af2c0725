/// Templates of what we write to people: editions, preview, test, publishing.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Template = Schemas["StaffNoticeTemplateOut"];
export type TemplateWhole = Schemas["StaffNoticeTemplateDetail"];
export type Texts = Schemas["TemplateTexts"];
export type Preview = Schemas["TemplatePreview"];

export interface Filters {
  cursor?: string | undefined;
  type?: Template["type"] | undefined;
  language?: Template["language"] | undefined;
}

export interface Place {
  kind: string;
  language: string;
}

const of = ({ kind, language }: Place) => ({ path: { kind, language: language as Template["language"] } });
const edition = (place: Place, number: number) => ({ path: { ...of(place).path, edition: number } });
const BASE = "/v1/notifications/admin/templates/{kind}/{language}" as const;

export function useTemplates({ cursor, ...filters }: Filters) {
  return usePages<Template>(["notifications", "templates", filters], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/notifications/admin/templates", { params: { query: { ...filters, ...page } }, signal }),
    ),
  );
}

export function useTemplate(place: Place) {
  return useThing(["notifications", "template", place], (api) => data(api.GET(BASE, { params: of(place) })));
}

export function usePreview(place: Place, number: number) {
  return useThing(["notifications", "preview", place, number], (api) =>
    data(api.GET(`${BASE}/editions/{edition}/preview`, { params: edition(place, number) })),
  );
}

export function useActs(template: TemplateWhole) {
  const act = useAct("notifications");
  return {
    write: (etag: string, body: Texts) =>
      act((api) =>
        api.POST(`${BASE}/editions`, { params: { ...of(template), header: ifMatch(etag) }, body }),
      ),
    publish: (number: number) =>
      act((api) =>
        api.POST(`${BASE}/publish`, {
          params: { ...of(template), header: ifMatch(template.etag) },
          body: { edition: number },
        }),
      ),
    restore: (number: number) =>
      act((api) =>
        api.POST(`${BASE}/editions/{edition}/restore`, {
          params: { ...edition(template, number), header: ifMatch(template.etag) },
        }),
      ),
    test: (number: number) =>
      act((api) => api.POST(`${BASE}/editions/{edition}/test`, { params: edition(template, number) })),
  };
}
