/// Campaigns: an offer shown to chosen customers, against a group that does not see it.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages, useThing, WHOLE } from "#ui/api.ts";

type Schemas = components["schemas"];
export type Campaign = Schemas["CampaignOut"];
export type NewCampaign = Schemas["CampaignCreate"];
export type Segment = NonNullable<Schemas["Target"]["segments"]>[number];
export type UserType = NonNullable<Schemas["Target"]["user_types"]>[number];

export function useCampaigns(offer: string | undefined, cursor: string | undefined) {
  return usePages<Campaign>(["campaigns", "list", offer], cursor, (api, page, signal) =>
    data(
      api.GET("/v1/campaigns", {
        params: { query: { ...(offer ? { offer_id: offer } : {}), ...page } },
        signal,
      }),
    ),
  );
}

/// The offers that a campaign can show.
export function useOffers() {
  return useThing(
    ["campaigns", "offers"],
    async (api) =>
      (await data(api.GET("/v1/offers/admin", { params: { query: { status: "active", limit: WHOLE } } })))
        .items,
  );
}

export function useResult(id: string) {
  return useThing(["campaigns", "result", id], (api) =>
    data(api.GET("/v1/campaigns/{campaign_id}/result", { params: { path: { campaign_id: id } } })),
  );
}

export function useActs() {
  const act = useAct("campaigns");
  return {
    create: (body: NewCampaign) => act((api) => api.POST("/v1/campaigns", { body })),
    changeBudget: (id: string, budget: number) =>
      act((api) =>
        api.PUT("/v1/campaigns/{campaign_id}/budget", {
          params: { path: { campaign_id: id } },
          body: { budget },
        }),
      ),
    cancel: (id: string) =>
      act((api) => api.POST("/v1/campaigns/{campaign_id}/cancel", { params: { path: { campaign_id: id } } })),
  };
}
