/// Rewards for bringing a friend: reading, holding, releasing, rejecting.
import { data } from "#shared/api.ts";
import type { components } from "#shared/schema.d.ts";
import { useAct, usePages } from "#ui/api.ts";

export type Reward = components["schemas"]["StaffRewardOut"];
export type Decision = "hold" | "release" | "reject";

export interface Filters {
  cursor?: string | undefined;
  status?: Reward["status"] | undefined;
  side?: Reward["side"] | undefined;
  user_id?: string | undefined;
}

export function useRewards({ cursor, ...filters }: Filters) {
  return usePages<Reward>(["referrals", "list", filters], cursor, (api, page, signal) =>
    data(api.GET("/v1/referrals/admin", { params: { query: { ...filters, ...page } }, signal })),
  );
}

/// What may be decided about a reward as it stands.
export function decisionsOf(reward: Reward): Decision[] {
  if (reward.status === "held") return ["release", "reject"];
  if (reward.status === "pending") return ["hold", "reject"];
  return [];
}

export function useDecide() {
  const act = useAct("referrals");
  return ({ user_id, reward_id }: Reward, decision: Decision, reason: string) =>
    act((api) =>
      api.POST(`/v1/referrals/admin/{user_id}/{reward_id}/${decision}`, {
        params: { path: { user_id, reward_id } },
        body: { reason },
      }),
    );
}
