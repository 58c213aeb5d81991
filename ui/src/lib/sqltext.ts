// Questions in SQL and lines for the shell, with what others wrote quoted.
import type { Filter } from "../api/types";

/** A text as a literal. */
export const literal = (text: string): string => `'${text.replace(/'/g, "''")}'`;

/** Literals in brackets, for `in`. */
export const among = (texts: readonly string[]): string => `(${texts.map(literal).join(", ")})`;

/** A word for a POSIX shell. */
export function word(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

export type ResourceFilter = Filter & {
  include_deleted?: boolean;
  order?: string;
  descending?: boolean;
};

const OWNED = "select e.uid from explanations e where e.part = 'owner' and e.holds";
const IN_NETWORK = "select n.from_uid from edges n where n.resolved and n.kind = 'in_vpc'";

/** Values and "none" of a list, as conditions of which one has to hold. */
function anyOf(values: readonly string[], inside: (values: string[]) => string, none: string): string {
  const named = values.filter((value) => value !== "");
  const all = [...(named.length ? [inside(named)] : []), ...(named.length < values.length ? [none] : [])];
  return all.length > 1 ? `(${all.join(" or ")})` : (all[0] ?? "true");
}

/** Tags as somebody types them: commas between them, as keys and values may hold spaces. */
export const tagsOf = (text: string): string[] => text.split(",").map((each) => each.trim()).filter(Boolean);

/**
 * Filters as options of a command, which takes one value of each; nothing where there are more. A command that shows something else
 * than the page is worse than none.
 */
export function onlyThese(filter: Record<string, readonly string[] | undefined>): string | undefined {
  const set = Object.entries(filter).filter(([, values]) => values !== undefined && values.length > 0);
  if (set.some(([, values]) => (values?.length ?? 0) > 1 || values?.[0] === "")) return undefined;
  return set.map(([name, values]) => ` --${name} ${word(values?.[0] ?? "")}`).join("");
}

/** What the tables do not hold: who sees to it, what is gone, and moments in words. */
const UNSAID = ["assigned_to", "include_deleted", "first_seen_since"] as const;

/** The question behind the list of resources, also as one line; nothing where SQL cannot say one of the filters. */
export function resourcesSql(filter: ResourceFilter, { columns = "uid, type, account, region, id, name, understood, exposed, last_seen", line = false } = {}): string | undefined {
  const asked = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== "");
  if (UNSAID.some((name) => asked(filter[name]))) return undefined;
  const where: string[] = [];
  if (filter.search) {
    const text = literal(filter.search.toLowerCase());
    where.push(`(strpos(lower(uid), ${text}) > 0 or strpos(lower(id), ${text}) > 0 or strpos(lower(coalesce(name, '')), ${text}) > 0)`);
  }
  for (const name of ["type", "account", "region"] as const) if (filter[name]?.length) where.push(`${name} in ${among(filter[name])}`);
  if (filter.owner?.length) where.push(anyOf(filter.owner, (teams) => `uid in (${OWNED} and e.value in ${among(teams)})`, `uid not in (${OWNED})`));
  if (filter.network?.length) where.push(anyOf(filter.network, (uids) => `uid in (${IN_NETWORK} and n.to_uid in ${among(uids)})`, `uid not in (${IN_NETWORK})`));
  for (const name of ["understood", "exposed", "stale", "provider_made"] as const) if (filter[name] !== undefined) where.push(filter[name] ? name : `not ${name}`);
  for (const tag of filter.tag ?? []) {
    const [key = "", ...rest] = tag.split("=");
    where.push(rest.length ? `json_get_str(tags, ${literal(key)}) = ${literal(rest.join("="))}` : `json_contains(tags, ${literal(key)})`);
  }
  const order = filter.order && filter.order !== "uid" ? `${filter.order}${filter.descending ? " desc" : ""}, uid` : `uid${filter.descending ? " desc" : ""}`;
  const [next, and] = line ? [" ", " and "] : ["\n", "\n  and "];
  return [`select ${columns}`, "from resources", ...(where.length ? [`where ${where.join(and)}`] : []), `order by ${order}`].join(next);
}
