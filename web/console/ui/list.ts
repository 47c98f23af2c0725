/// A list of the API in pages by cursor. The cursor is in the address; those of the pages before it are in the browser's
/// history, so that Previous works after a reload, and a shared link leads to the same page.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";

export interface PageOf<T> {
  items: T[];
  next_cursor: string | null;
}

/// So many empty pages in a row are skipped; then a person says whether to go on.
const MOST_EMPTY = 25;

/// A page with rows, if there is one: a rare filter is looked for piece by piece, and a piece may hold nothing.
export async function firstPageWithRows<T>(
  read: (cursor: string | undefined) => Promise<PageOf<T>>,
  cursor: string | undefined,
): Promise<PageOf<T>> {
  let page = await read(cursor);
  for (let empty = 0; page.items.length === 0 && page.next_cursor && empty < MOST_EMPTY; empty++) {
    page = await read(page.next_cursor);
  }
  return page;
}

export interface List<T> {
  rows: T[];
  error: unknown;
  /// There is nothing to show yet.
  isLoading: boolean;
  /// The rows are those of the page before, while the next ones come.
  isStale: boolean;
  pageNumber: number | null;
  hasPrevious: boolean;
  hasNext: boolean;
  previous: () => void;
  next: () => void;
  retry: () => void;
}

export interface ListQuery<T> {
  /// What the rows depend on, without the cursor: the room, then its filters.
  key: readonly unknown[];
  cursor: string | undefined;
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>;
}

export function useList<T>({ key, cursor, read }: ListQuery<T>): List<T> {
  const navigate = useNavigate();
  const trail = useLocation({ select: (location) => location.state.trail });
  const query = useQuery({
    queryKey: [...key, { cursor }],
    queryFn: ({ signal }) => firstPageWithRows((from) => read(from, signal), cursor),
    placeholderData: keepPreviousData,
  });
  const go = (to: string | undefined, after: string[]) =>
    void navigate({
      to: ".",
      search: ((old: Record<string, unknown>) => ({ ...old, cursor: to })) as never,
      state: (state) => ({ ...state, trail: after }),
    });
  const here = trail ?? [];
  const nextCursor = query.data?.next_cursor ?? null;
  return {
    rows: query.data?.items ?? [],
    error: query.error,
    isLoading: query.isPending,
    isStale: query.isPlaceholderData,
    // Whoever came by a link knows the cursor, not how many pages are before it.
    pageNumber: cursor === undefined ? 1 : trail ? here.length + 1 : null,
    hasPrevious: cursor !== undefined,
    hasNext: nextCursor !== null,
    previous: () => go(here.at(-1) || undefined, here.slice(0, -1)),
    next: () => nextCursor && go(nextCursor, [...here, cursor ?? ""]),
    retry: () => void query.refetch(),
  };
}
