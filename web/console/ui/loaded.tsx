/// What is read before it is shown: lines in its shape while it comes, why if it does not come.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Page, Skeleton } from "./layout.tsx";
import { ProblemNote } from "./problem_note.tsx";

/// A part of a page, or of a dialog.
export function Loaded<T>({
  query,
  lines = 4,
  children,
}: {
  query: UseQueryResult<T>;
  lines?: number;
  children: (thing: T) => ReactNode;
}) {
  if (query.isPending) return <Skeleton lines={lines} />;
  if (query.data === undefined)
    return <ProblemNote error={query.error} onRetry={() => void query.refetch()} />;
  return children(query.data);
}

/// A page about one thing. `title`: that of the page when the thing can't be shown.
export function LoadedPage<T>({
  query,
  title,
  children,
}: {
  query: UseQueryResult<T>;
  title: string;
  children: (thing: T) => ReactNode;
}) {
  if (query.isPending) return <Skeleton lines={10} />;
  if (query.data === undefined) {
    return (
      <Page title={title}>
        <ProblemNote error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  return children(query.data);
}
