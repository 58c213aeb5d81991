// What a report is of, in words, and what of it needs somebody.
import type { Query, Schemas } from "../../api/client";
import { counted, list, shown } from "../../lib/text";
import type { Who } from "../../session/session";

export type Row = Schemas["FindingRow"];
export type Part = Pick<Query<"/api/v1/findings">, "owner" | "account"> & { framework?: string };

const named = (all: readonly string[], one: string): string => `${one}${all.length === 1 ? "" : "s"} ${list(all.map((each) => (each === "" ? "nobody" : shown(each, 80))))}`;

/** What stands over a report. */
export function title({ owner, account }: Part, framework?: string): string {
  const of = [...(owner?.length ? [named(owner, "team")] : []), ...(account?.length ? [named(account, "account")] : [])];
  const what = framework ? shown(framework, 160) : "Findings";
  return of.length > 0 ? `${what}: ${of.join(" in ")}` : what;
}

/** Which part of the estate it is about: what was chosen, of what its reader sees. */
export function scope({ owner, account }: Part, who: Pick<Who, "scope"> | undefined): string {
  const chosen = [...(owner?.length ? [`what ${named(owner, "team")} ${owner.length === 1 ? "answers" : "answer"} for`] : []), ...(account?.length ? [named(account, "account")] : [])];
  const { accounts, teams } = who?.scope ?? {};
  const seen = [...(accounts ? [named(accounts, "account")] : []), ...(teams ? [named(teams, "team")] : [])];
  const of = chosen.length > 0 ? chosen.join(" in ") : "everything that was seen";
  return seen.length > 0 ? `${of}, within what its author may see: ${seen.join(" and ")}` : of;
}

/** How many findings there are of each kind, in a sentence. */
export function summary(open: readonly Row[], accepted: readonly Row[], more: number): string {
  if (open.length + accepted.length + more === 0) return "Nothing of it fails, so far as it could be asked.";
  const late = open.filter(({ overdue }) => overdue).length;
  const unsure = open.filter(({ confirmed }) => !confirmed).length;
  const parts = [counted(open.length, "finding needs work", "findings need work"), ...(late ? [`${late} overdue`] : []), ...(unsure ? [`${unsure} not confirmed by the last run`] : []), ...(accepted.length ? [`${accepted.length} accepted until a date`] : [])];
  return `${list(parts)}${more > 0 ? `; ${counted(more, "more is", "more are")} not listed here` : ""}.`;
}
