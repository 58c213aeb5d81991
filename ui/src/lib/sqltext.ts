// Questions in SQL and lines for the shell, with what others wrote quoted.

/** A text as a literal. */
export const literal = (text: string): string => `'${text.replace(/'/g, "''")}'`;

/** Literals in brackets, for `in`. */
export const among = (texts: readonly string[]): string => `(${texts.map(literal).join(", ")})`;

/** A word for a POSIX shell. */
export function word(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

export interface ResourceFilter {
  search?: string;
  type?: string[];
  account?: string[];
  region?: string[];
  understood?: boolean;
  tag?: string;
  order?: string;
  descending?: boolean;
}

/** The question behind the list of resources. */
export function resourcesSql(filter: ResourceFilter, columns = "uid, type, account, region, id, name, understood, exposed, last_seen"): string {
  const where: string[] = [];
  if (filter.search) {
    const text = literal(filter.search.toLowerCase());
    where.push(`(strpos(lower(uid), ${text}) > 0 or strpos(lower(id), ${text}) > 0 or strpos(lower(coalesce(name, '')), ${text}) > 0)`);
  }
  for (const name of ["type", "account", "region"] as const) if (filter[name]?.length) where.push(`${name} in ${among(filter[name])}`);
  if (filter.understood !== undefined) where.push(filter.understood ? "understood" : "not understood");
  if (filter.tag) {
    const [key = "", ...rest] = filter.tag.split("=");
    where.push(rest.length ? `json_get_str(tags, ${literal(key)}) = ${literal(rest.join("="))}` : `json_contains(tags, ${literal(key)})`);
  }
  const order = filter.order && filter.order !== "uid" ? `${filter.order}${filter.descending ? " desc" : ""}, uid` : `uid${filter.descending ? " desc" : ""}`;
  return `select ${columns}\nfrom resources${where.length ? `\nwhere ${where.join("\n  and ")}` : ""}\norder by ${order}`;
}
