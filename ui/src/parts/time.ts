// Which moment the app shows: `as_of` and `since` in the address, the same on every page.
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import * as ask from "../api/queries";

export interface Times { as_of?: string; since?: string }

/** What each page does with them; pages that are not here know only the present. */
export const TIMED: Record<string, { as_of: boolean; since: boolean }> = {
  "/": { as_of: true, since: true },
  "/resources": { as_of: true, since: false },
  "/resource": { as_of: true, since: true },
  "/unexplained": { as_of: true, since: false },
  "/map": { as_of: true, since: false },
  "/changes": { as_of: true, since: true },
  "/sql": { as_of: true, since: false },
};

export const useTimes = (): Times => useSearch({ strict: false, select: (search: Times) => ({ as_of: search.as_of, since: search.since }), structuralSharing: true });

/** Both ends of a comparison: the moment that is shown, and the scan before it where nothing else was chosen. */
export function useEnds(): { since?: string; until?: string; ready: boolean } {
  const { as_of, since } = useTimes();
  const needed = as_of !== undefined && since === undefined;
  const scans = useQuery({ ...ask.scans, enabled: needed });
  if (!needed) return { since, until: as_of, ready: true };
  const ended = (scans.data?.scans ?? []).filter((scan) => scan.state === "finished" && scan.finished_at).sort((a, b) => b.id - a.id);
  const number = Number(/^scan:(\d+)$/.exec(as_of)?.[1]);
  const moment = Date.parse(as_of);
  const at = ended.findIndex((scan) => (Number.isNaN(number) ? Date.parse(scan.finished_at ?? "") <= moment : scan.id <= number));
  const before = at < 0 ? undefined : ended[at + 1];
  return { since: before ? `scan:${before.id}` : undefined, until: as_of, ready: scans.data !== undefined || Boolean(scans.error) };
}

/** Only the moment, for questions about one. */
export function useAt(): { as_of?: string } {
  const { as_of } = useTimes();
  return as_of ? { as_of } : {};
}
