// Completion from the schema: pure, so that it can be tested without an editor.
import type { Schemas } from "../../api/client";

export interface Offer { text: string; kind: "table" | "column" | "keyword"; detail: string }

const WORDS =
  "select from where and or not in is null like ilike between exists distinct as on using join left inner group by having order desc asc limit offset union all with case when then else end count sum avg min max coalesce cast lower upper strpos json_get_str json_get json_contains json_get_int date_trunc now interval true false".split(" ");
const MAX = 40;

/** The word that ends at the caret, and the table it is asked of (`r.na` gives `na` of `r`). */
export function wordBefore(text: string, caret: number): { word: string; of?: string; from: number } {
  const found = /(?:([A-Za-z_][\w]*)\.)?([A-Za-z_]\w*)?$/.exec(text.slice(Math.max(0, caret - 200), caret));
  const word = found?.[2] ?? "";
  return { word, of: found?.[1], from: caret - word.length };
}

/** Names by which a statement calls its tables: `from resources r` gives r and resources. */
export function aliases(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const [, table = "", alias] of text.matchAll(/\b(?:from|join|,)\s+([a-z_]\w*)(?:\s+(?:as\s+)?([a-z_]\w*))?/gi)) {
    names.set(table.toLowerCase(), table.toLowerCase());
    if (alias && !WORDS.includes(alias.toLowerCase())) names.set(alias.toLowerCase(), table.toLowerCase());
  }
  return names;
}

export function complete(text: string, caret: number, tables: Schemas["TableView"][]): Offer[] {
  const { word, of } = wordBefore(text, caret);
  // Within a text nothing is completed.
  if ((text.slice(0, caret).split("'").length - 1) % 2 === 1) return [];
  const wanted = word.toLowerCase();
  const called = aliases(text);
  const byName = new Map(tables.map((table) => [table.name, table]));
  const columns = (table: Schemas["TableView"]): Offer[] => table.columns.map((column) => ({ text: column.name, kind: "column", detail: `${column.kind}, ${column.description}` }));
  let all: Offer[];
  if (of !== undefined) {
    const table = byName.get(called.get(of.toLowerCase()) ?? "");
    all = table ? columns(table) : [];
  } else {
    const names: Offer[] = tables.map((table) => ({ text: table.name, kind: "table", detail: table.description }));
    const afterFrom = /\b(?:from|join)\s+\w*$/i.test(text.slice(0, caret));
    const mine = [...new Set(called.values())].flatMap((name) => columns(byName.get(name) ?? { name, description: "", columns: [] }));
    all = afterFrom ? names : [...mine, ...names, ...WORDS.map((each): Offer => ({ text: each, kind: "keyword", detail: "" }))];
  }
  const seen = new Set<string>();
  const begins: Offer[] = [];
  const within: Offer[] = [];
  for (const offer of all) {
    const at = offer.text.toLowerCase().indexOf(wanted);
    if (at < 0 || offer.text === word || seen.has(offer.text)) continue;
    seen.add(offer.text);
    (at === 0 ? begins : within).push(offer);
  }
  if (wanted !== "") begins.sort((a, b) => Number(a.kind === "keyword") - Number(b.kind === "keyword") || (a.kind === b.kind ? a.text.length - b.text.length : 0));
  return [...begins, ...within.filter((offer) => offer.kind !== "keyword")].slice(0, MAX);
}
