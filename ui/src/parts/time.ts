// Which moment the app shows: `as_of` and `since` in the address, the same on every page.
import { useSearch } from "@tanstack/react-router";

export interface Times { as_of?: string; since?: string }

/** What each page does with them; pages that are not here know only the present. */
export const TIMED: Record<string, { as_of: boolean; since: boolean }> = {
  "/": { as_of: true, since: true },
  "/resources": { as_of: true, since: false },
  "/resource": { as_of: true, since: false },
  "/unexplained": { as_of: true, since: false },
  "/map": { as_of: true, since: false },
  "/graph": { as_of: true, since: false },
  "/changes": { as_of: true, since: true },
  "/sql": { as_of: true, since: false },
};

export const useTimes = (): Times => useSearch({ strict: false, select: (search: Times) => ({ as_of: search.as_of, since: search.since }), structuralSharing: true });

/** Both ends of a comparison, as the API takes them: where none is named it takes the last scan, and the scan before the end. */
export function useEnds(): { since?: string; until?: string } {
  const { as_of, since } = useTimes();
  return { since, until: as_of };
}

/** Only the moment, for questions about one. */
export function useAt(): { as_of?: string } {
  const { as_of } = useTimes();
  return as_of ? { as_of } : {};
}
