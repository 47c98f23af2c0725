/// Pages, banners and questions that customers read: their editions, when they are shown, their pictures.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, useAct, usePages, useThing } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Content = Schemas["StaffContentOut"];
export type ContentWhole = Schemas["StaffContentDetail"];
export type Edition = Schemas["ContentEditionDetail"];
export type Texts = Schemas["ContentTexts"];
export type Kind = Content["kind"];
export type Picture = Schemas["PictureOut"];

const of = (id: string) => ({ path: { content_id: id } });

export function useContents(kind: Kind | undefined, cursor: string | undefined) {
  return usePages<Content>(["content", "list", kind], cursor, (api, page, signal) =>
    data(api.GET("/v1/content/admin", { params: { query: { ...(kind ? { kind } : {}), ...page } }, signal })),
  );
}

export function useContent(id: string) {
  return useThing(["content", "one", id], (api) =>
    data(api.GET("/v1/content/admin/{content_id}", { params: of(id) })),
  );
}

export function useEdition(id: string, edition: number, latest: Edition) {
  const query = useThing(
    ["content", "edition", id, edition],
    (api) =>
      data(
        api.GET("/v1/content/admin/{content_id}/editions/{edition}", {
          params: { path: { content_id: id, edition } },
        }),
      ),
    { isOn: edition !== latest.edition },
  );
  return edition === latest.edition ? latest : query.data;
}

export function useImages(cursor: string | undefined) {
  return usePages<Picture>(["content", "images"], cursor, (api, page, signal) =>
    data(api.GET("/v1/content/admin/images", { params: { query: page }, signal })),
  );
}

export function useActs() {
  const act = useAct("content");
  return {
    create: (body: Schemas["ContentCreate"]) => act((api) => data(api.POST("/v1/content/admin", { body }))),
    write: (id: string, etag: string, body: Texts) =>
      act((api) =>
        api.POST("/v1/content/admin/{content_id}/editions", {
          params: { ...of(id), header: ifMatch(etag) },
          body,
        }),
      ),
    move: (id: string, etag: string, body: Schemas["ContentUpdate"]) =>
      act((api) =>
        api.PATCH("/v1/content/admin/{content_id}", {
          params: { ...of(id), header: ifMatch(etag) },
          body,
        }),
      ),
    publish: ({ content_id, etag }: ContentWhole, body: Schemas["ContentPublish"]) =>
      act((api) =>
        api.POST("/v1/content/admin/{content_id}/publish", {
          params: { ...of(content_id), header: ifMatch(etag) },
          body,
        }),
      ),
    unpublish: ({ content_id, etag }: ContentWhole) =>
      act((api) =>
        api.POST("/v1/content/admin/{content_id}/unpublish", {
          params: { ...of(content_id), header: ifMatch(etag) },
        }),
      ),
    restore: ({ content_id, etag }: ContentWhole, edition: number) =>
      act((api) =>
        api.POST("/v1/content/admin/{content_id}/editions/{edition}/restore", {
          params: { path: { content_id, edition }, header: ifMatch(etag) },
        }),
      ),
    remove: (id: string) =>
      act((api) => api.DELETE("/v1/content/admin/{content_id}", { params: of(id) }), LEAVES),
    upload: (file: File, alt: string) =>
      act((api) =>
        data(
          api.POST("/v1/content/admin/images", {
            params: { query: { alt } },
            body: file as never,
            bodySerializer: (body: unknown) => body as Blob,
            headers: { "Content-Type": file.type },
          }),
        ),
      ),
    removeImage: (id: string) =>
      act((api) => api.DELETE("/v1/content/admin/images/{image_id}", { params: { path: { image_id: id } } })),
  };
}
