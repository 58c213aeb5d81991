// A list by pages as a page of the console asks for it: the first page as any question, the others as somebody scrolls.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Cursor, type Page, PAGE_ROWS, Pager } from "../lib/pager";

interface Asked<A, T> {
  key: readonly unknown[];
  /** Fetches one page. */
  fetch: (cursor: Cursor, limit: number, signal: AbortSignal) => Promise<A>;
  page: (answer: A) => Page<T>;
  enabled?: boolean;
}

/** Answers that were scrolled past are not kept by the cache as well. */
const KEPT_MS = 1_000;

/** While `waiting` the rows are still those of the question before; `listKey` says of which question they are. */
export function usePager<A, T>({ key, fetch, page, enabled = true }: Asked<A, T>) {
  const client = useQueryClient();
  const first = useQuery({ queryKey: key, queryFn: ({ signal }) => fetch(undefined, PAGE_ROWS, signal), placeholderData: keepPreviousData, enabled });
  const [held, setHeld] = useState<{ pager: Pager<T>; of: string; at: number }>();
  const { data, dataUpdatedAt, isPlaceholderData } = first;
  const of = JSON.stringify(key);
  useEffect(() => {
    // Data of the question before is shown until the answer is there, and never continued.
    if (!data || isPlaceholderData) return;
    const load = async (cursor: Cursor, limit: number) => page(await client.query({ queryKey: [...key, "more", cursor, limit], queryFn: ({ signal }) => fetch(cursor, limit, signal), staleTime: KEPT_MS, gcTime: KEPT_MS }));
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the list outlives the answer that began it
    setHeld((was) => (was?.of === of && was.at === dataUpdatedAt ? was : { pager: new Pager(page(data), load), of, at: dataUpdatedAt }));
    // Key, fetch and page belong to `of`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data, dataUpdatedAt, isPlaceholderData, of, client]);
  const pager = held?.pager;
  useSyncExternalStore(pager?.subscribe ?? nothing, pager?.version ?? zero, zero);
  return { first: data, pages: data === undefined ? undefined : pager, error: data === undefined ? first.error : null, refetch: first.refetch, waiting: data !== undefined && (isPlaceholderData || held?.of !== of), listKey: held?.of };
}

const nothing = () => () => undefined;
const zero = () => 0;
