/// Offers: reading, making, changing them, their codes and uses.
import { data } from "#shared/api.ts";
import type { components, operations } from "#shared/schema.d.ts";
import { ifMatch, LEAVES, useAct, usePages, useThing, WHOLE } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Offer = Schemas["StaffOfferOut"];
export type Use = Schemas["OfferUseOut"];
export type Code = Schemas["OfferCodeOut"];
export type OfferType = Schemas["StaffOfferTypeOut"];
export type Terms = Schemas["OfferCreate"];
export type Filters = Pick<
  NonNullable<operations["offers_staff_list"]["parameters"]["query"]>,
  "search" | "operator" | "status" | "window"
> & { cursor?: string };

export function useOffers({ cursor, ...filters }: Filters) {
  return usePages<Offer>(["offers", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/offers/admin", { params: { query: { ...filters, ...page } }, signal })),
  );
}

export function useTypes() {
  return useThing(
    ["offers", "types"],
    async (api) =>
      (await data(api.GET("/v1/offers/types/admin", { params: { query: { limit: WHOLE } } }))).items,
  );
}

const of = (id: string) => ({ path: { offer_id: id } });

export function useOffer(id: string) {
  return useThing(["offers", "one", id], (api) =>
    data(api.GET("/v1/offers/admin/{offer_id}", { params: of(id) })),
  );
}

export function useFigures(id: string) {
  return useThing(["offers", "figures", id], (api) =>
    data(api.GET("/v1/offers/admin/{offer_id}/figures", { params: of(id) })),
  );
}

export function useUses(id: string, cursor: string | undefined) {
  return usePages<Use>(["offers", "uses", id], cursor, (api, page, signal) =>
    data(api.GET("/v1/offers/admin/{offer_id}/uses", { params: { ...of(id), query: page }, signal })),
  );
}

export function useCodes(id: string, cursor: string | undefined) {
  return usePages<Code>(["offers", "codes", id], cursor, (api, page, signal) =>
    data(api.GET("/v1/offers/admin/{offer_id}/codes", { params: { ...of(id), query: page }, signal })),
  );
}

export function useActs() {
  const act = useAct("offers");
  return {
    create: (body: Terms) => act((api) => data(api.POST("/v1/offers", { body }))),
    update: (id: string, etag: string, body: Schemas["OfferUpdate"]) =>
      act((api) =>
        api.PATCH("/v1/offers/{offer_id}", { params: { ...of(id), header: ifMatch(etag) }, body }),
      ),
    remove: (id: string) => act((api) => api.DELETE("/v1/offers/{offer_id}", { params: of(id) }), LEAVES),
    /// The only answer that shows free codes, as a file.
    makeCodes: (id: string, count: number) =>
      act(
        async (api) =>
          (
            await api.POST("/v1/offers/{offer_id}/codes", {
              params: of(id),
              body: { count },
              parseAs: "blob",
            })
          ).data as unknown as Blob,
      ),
  };
}

export function useTypeActs() {
  const act = useAct("offers");
  const ofType = (id: string) => ({ path: { offer_type_id: id } });
  return {
    createType: (body: Schemas["OfferTypeCreate"]) => act((api) => api.POST("/v1/offers/types", { body })),
    updateType: (id: string, etag: string, body: Schemas["OfferTypeUpdate"]) =>
      act((api) =>
        api.PATCH("/v1/offers/types/{offer_type_id}", {
          params: { ...ofType(id), header: ifMatch(etag) },
          body,
        }),
      ),
    removeType: (id: string) =>
      act((api) => api.DELETE("/v1/offers/types/{offer_type_id}", { params: ofType(id) })),
  };
}
