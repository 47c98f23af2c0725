/// What all rooms do in the same way with the API: lists by cursor, one thing, changes.
import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Api } from "#shared/api.ts";
import { type List, type PageOf, useList } from "./list.ts";
import { useApi } from "./services.tsx";

/// Rows of a page.
export const LIMIT = 50;
/// A short list that is shown whole, such as the groups to choose from.
export const WHOLE = 100;

export interface PageRequest {
  limit: number;
  cursor?: string;
}

/// A list in pages. `key`: the room, then what the rows depend on.
export function usePages<T>(
  key: readonly unknown[],
  cursor: string | undefined,
  read: (api: Api, page: PageRequest, signal: AbortSignal) => Promise<PageOf<T>>,
): List<T> {
  const api = useApi();
  return useList<T>({
    key,
    cursor,
    read: (from, signal) => read(api, { limit: LIMIT, ...(from ? { cursor: from } : {}) }, signal),
  });
}

export interface ThingOptions<T> {
  isOn?: boolean;
  /// In how many milliseconds it is read again; false: not until it is asked for.
  again?: (thing: T) => number | false;
  /// While another one is read, the old one stays in view.
  keepsOld?: boolean;
}

/// One thing.
export function useThing<T>(
  key: readonly unknown[],
  read: (api: Api, signal: AbortSignal) => Promise<T>,
  { isOn = true, again, keepsOld = false }: ThingOptions<T> = {},
): UseQueryResult<T> {
  const api = useApi();
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => read(api, signal),
    enabled: isOn,
    refetchInterval: (query) =>
      query.state.data === undefined ? false : (again?.(query.state.data) ?? false),
    ...(keepsOld ? { placeholderData: keepPreviousData } : {}),
  }) as UseQueryResult<T>;
}

/// For an act that ends what the page shows: the page is left, and asking for the thing again would be refused.
export const LEAVES = { leaves: true };

/// Does something, and reads what these rooms show again: also after a refusal, which may mean that another admin was faster.
export function useAct(...rooms: string[]) {
  const api = useApi();
  const client = useQueryClient();
  return async <T>(act: (api: Api) => Promise<T>, { leaves = false } = {}): Promise<T> => {
    let isLeft = false;
    try {
      const done = await act(api);
      isLeft = leaves;
      return done;
    } finally {
      const refetchType = isLeft ? "none" : "active";
      await Promise.all(rooms.map((room) => client.invalidateQueries({ queryKey: [room], refetchType })));
    }
  };
}

/// "waits": it takes a second admin, who finds it under the approvals.
export type Outcome = "done" | "waits";

export function outcomeOf(answer: { response: Response }): Outcome {
  return answer.response.status === 202 ? "waits" : "done";
}

/// `If-Match`: what is changed is what the page shows.
export const ifMatch = (etag: string) => ({ "If-Match": `"${etag}"` });
export const withKey = (key: string) => ({ "Idempotency-Key": key });

/// An address that the API gave, on the origin of this page: behind a proxy the API may know itself by another name.
export function ownAddress(url: string): string {
  const { pathname, search } = new URL(url, location.origin);
  return pathname + search;
}

/// Leaves a file with the person: one that was read, or one at a signed address.
export function saveFile(content: Blob | string, name: string): void {
  const link = document.createElement("a");
  const address = typeof content === "string" ? ownAddress(content) : URL.createObjectURL(content);
  link.href = address;
  link.download = name;
  link.click();
  if (typeof content !== "string") setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
