// What fails if something goes, in words.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { count, counted, list, shown } from "../../lib/text";

export type Outage = Schemas["OutageAnswer"];
export type Outcome = Schemas["OutageOutcome"];

/** What is gone: a resource, or a zone of an account. */
export interface Gone { of?: string; zone?: string; account?: string }

const ZONE = "zone:";

/** A zone as the address of the page names it, beside resources. */
export const zoned = (zone: string, account: string): string => `${ZONE}${zone}/${account}`;

/** What the address of the page names. */
export function gone(of: string): Gone {
  if (!of.startsWith(ZONE)) return { of };
  const [zone, account] = of.slice(ZONE.length).split("/");
  return { zone, account: account?.trim() ? account : undefined };
}

const of = ({ counts }: Pick<Outage, "counts">, outcome: Outcome): number => counts.find((each) => each.outcome === outcome)?.count ?? 0;

/** The answer in a sentence. */
export function fails(answer: Pick<Outage, "counts" | "gone" | "gone_count">, { zone, account }: Gone): string {
  const [fail, may, less] = [of(answer, "fails"), of(answer, "unknown"), of(answer, "weaker")];
  const begin = zone === undefined ? "If it goes" : `If zone ${shown(zone, 60)}${account ? ` of account ${shown(account, 40)}` : ""} goes, ${counted(answer.gone_count, "thing goes with it", "things go with it")}. Then`;
  const parts = [fail > 0 ? counted(fail, "other fails", "others fail") : "", may > 0 ? counted(may, "may fail", "may fail") : "", less > 0 ? counted(less, "goes on with less", "go on with less") : ""].filter(Boolean);
  return parts.length === 0 ? `${begin}${zone === undefined ? "," : ""} nothing fails that the last scans read.` : `${begin}${zone === undefined ? "," : ""} ${list(parts)}.`;
}

/** What the choice between the parts says of this one. */
export const summed = (answer: Pick<Outage, "counts">): string => `${count(of(answer, "fails"))}${of(answer, "unknown") > 0 ? " or more" : ""}`;

/** The relation and what was lost, as people say it. */
export const because = (relation: string | null | undefined): string => shown((relation ?? "").replaceAll("_", " "), 60);

/** The command that asks the same. */
export const outageLine = ({ of: id, zone, account }: Gone): string => `fathom outage ${word(id ?? zone ?? "")}${account === undefined ? "" : ` --account ${word(account)}`}`;
