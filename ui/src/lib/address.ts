// Addresses: filters stand in them as plain parameters that people can read, share and change.

export type Params = Record<string, string | string[] | undefined>;

/** Parameters of a page; one that is repeated is a list. */
export function parse(text: string): Params {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = params[name];
    params[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return params;
}

/** The same as text, with its question mark. */
export function stringify(params: Record<string, unknown>): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    // An empty text in a list asks for what has no value; alone it is not set.
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && (one !== "" || Array.isArray(value))) text.append(name, String(one));
  const out = text.toString().replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%2C/g, ",");
  return out ? `?${out}` : "";
}

/** One text of a parameter, where it has one. */
export const one = (value: unknown): string | undefined => {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first !== "" ? first : typeof first === "number" ? String(first) : undefined;
};

/** All texts of a parameter; none at all where there are none. */
export const many = (value: unknown): string[] | undefined => {
  const all = (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string" && each !== "");
  return all.length ? [...new Set(all)] : undefined;
};

/** All texts of a parameter, of which one may be empty: it asks for what has no value. */
export const some = (value: unknown): string[] | undefined => {
  const all = (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string");
  return all.length ? [...new Set(all)] : undefined;
};

/** One of the words that are allowed. */
export const choice = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((each) => each === one(value));

/** `true` or `false`, or neither. */
export const flag = (value: unknown): boolean | undefined => {
  const said = typeof value === "boolean" ? String(value) : one(value);
  return said === "true" ? true : said === "false" ? false : undefined;
};

/** A whole number that is not below zero. */
export const number = (value: unknown): number | undefined => {
  const text = one(value);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

const PAGES: Record<string, string> = {
  map: "/map", changes: "/changes", drift: "/drift", resources: "/resources", resource: "/resource", "resource/history": "/resource", unknowns: "/unexplained", coverage: "/coverage", scans: "/scans", ledger: "/ledger",
};

/** The page that shows what an address of the API answers. */
export function page(href: string): string {
  const [path = "", query = ""] = href.split("?", 2);
  const found = PAGES[path.replace(/^\/api\/v1\//, "")];
  if (!found) return "/";
  const more = path.endsWith("/history") ? { tab: "history" } : {};
  return found + stringify({ ...parse(query), ...more });
}
