// The one filter of all lists of resources: what of an address the API takes, and how many filters are on.
import type { Filter } from "../api/types";

const LISTS = ["type", "account", "region", "owner", "network", "assigned_to"] as const;
const FLAGS = ["understood", "exposed", "stale"] as const;

/** Only the filter of what stands in an address. */
export function filterOf(search: Filter): Filter {
  const filter: Record<string, unknown> = {};
  for (const name of [...LISTS, ...FLAGS, "tag", "search", "first_seen_since"] as const) if (search[name] !== undefined) filter[name] = search[name];
  return filter;
}

/** How many choices are made at the left of a list. */
export const chosen = (filter: Filter): number => LISTS.reduce((all, name) => all + (filter[name]?.length ?? 0), 0) + FLAGS.filter((name) => filter[name] !== undefined).length;

/** Whether anything at all is left out. */
export const filtered = (filter: Filter): boolean => Object.values(filterOf(filter)).some((value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined));
