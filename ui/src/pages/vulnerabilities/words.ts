// What is known of a weakness, in words, and the command that asks the same.
import type { Query, Schemas } from "../../api/client";
import { onlyThese, word } from "../../lib/sqltext";
import { count, counted, shown } from "../../lib/text";

export type Row = Schemas["VulnerabilityRow"];
export type Thing = Schemas["SoftwareThing"];
export type Feed = Schemas["ExploitFeedView"];
export type Answer = Schemas["VulnerabilitiesAnswer"];
export type Exploitation = Schemas["ExploitationKind"];
export type Reach = Schemas["InternetReach"];
export type Software = Schemas["SoftwareKind"];
export type Asked = Pick<Query<"/api/v1/vulnerabilities">, "class" | "exploitation" | "reached" | "software" | "account" | "owner" | "id" | "resource"> & { fixable?: true };

export const EXPLOITED: Record<Exploitation, string> = { known: "known to be exploited", likely: "likely", unknown: "not known", unlikely: "unlikely" };
export const REACHED: Record<Reach, string> = { yes: "reached", only_if: "only if", unknown: "not known", no: "not reached" };
export const SOFTWARE: Record<Software, string> = { host: "hosts", image: "images", function: "functions" };
export const KINDS: Record<Software, string> = { host: "host", image: "image", function: "function" };
export const ATTACKS: Record<Schemas["AttackKind"], string> = { network: "over the network, from anywhere", adjacent: "from the same network segment", local: "by who is on it already", physical: "by who touches it" };
const STATES: Record<Schemas["WeaknessState"], string> = {
  open: "it is there", exploitable: "it is there, and somebody says that it can be exploited there", in_triage: "somebody is looking at it", not_affected: "it cannot be exploited there", false_positive: "it is not there", resolved: "it was mended", suppressed: "somebody does not want to see it",
};
export const state = ({ state: of }: Pick<Row, "state">): string => STATES[of];

/** What people call a thing; the end of its ARN where nobody does. */
export const called = ({ name, resource }: Pick<Thing, "name" | "resource">): string => shown(name?.trim() ? name : (resource.split(/[/:]/).filter(Boolean).at(-1) ?? resource), 120);

const isLoaded = (feeds: readonly Feed[], name: string): boolean => feeds.some((feed) => feed.feed === name && feed.loaded);

/** Whether CISA's catalogue has it; what was not asked is not a no. */
export function kev({ kev_since }: Pick<Row, "kev_since">, feeds: readonly Feed[]): string {
  if (kev_since) return `in KEV since ${shown(kev_since, 10)}`;
  return isLoaded(feeds, "kev") ? "not in KEV" : "KEV was not asked";
}

/** `94.5 %`, and never 0 % or 100 % by rounding. */
function chance(value: number): string {
  const percent = value * 100;
  if (percent > 0 && percent < 0.01) return "below 0.01 %";
  if (percent < 100 && percent > 99.9) return "above 99.9 %";
  return `${percent.toFixed(percent < 0.1 ? 2 : 1)} %`;
}

/** FIRST's chance that it is exploited within 30 days. */
export function epss({ epss: value }: Pick<Row, "epss">, feeds: readonly Feed[]): string {
  if (typeof value === "number") return `EPSS ${chance(value)}`;
  return isLoaded(feeds, "epss") ? "EPSS does not have it" : "EPSS was not asked";
}

/** What ends it, as far as a source says. */
export const fix = ({ fix: of }: Pick<Row, "fix">): string => (of === "available" ? "has a fix" : of === "none" ? "no fix exists" : "no source says whether there is a fix");

/** `jenkins-core 2.426.2, mended in 2.442`. */
export function software({ name, version, fixed }: Row["packages"][number]): string {
  return `${shown(name, 120)}${version ? ` ${shown(version, 60)}` : ""}${fixed ? `, mended in ${shown(fixed, 60)}` : ""}`;
}

/** The answer in a sentence. */
export function sentence({ total, facets, things, not_looked_count: dark }: Pick<Answer, "total" | "facets" | "things" | "not_looked_count">, judged: boolean): string {
  if (things === 0) return "No host, image or function was seen.";
  if (judged) return total === 0 ? "Nobody judged a weakness not to count." : `${counted(total, "weakness was", "weaknesses were")} judged not to count.`;
  const urgent = facets.class.findLast((each) => Number(each.value) <= 2)?.count ?? 0;
  const looked = things - dark;
  if (total === 0) return looked === 0 ? "What hosts, images and functions have is not known: nobody looked." : `Of this kind no weakness is known on ${counted(looked, "thing")} that somebody looked at.`;
  return `${counted(total, "weakness", "weaknesses")}, ${urgent === 0 ? "none" : count(urgent)} of class 1 or 2: exploited or likely to be, where the internet may come to it.`;
}

/** A row in the address: the weakness, and the thing that has it. */
export const key = (row: Row): string => `${row.id} ${row.thing.resource}`;

/** The command that asks the same; nothing where it cannot. */
export function line({ class: up, exploitation, reached, fixable, software: on, account, owner, id, resource }: Asked, view: "judged" | "not-looked" | undefined): string | undefined {
  const single = onlyThese({ account, owner });
  const isKev = exploitation?.length === 1 && exploitation[0] === "known";
  const isExposed = reached?.length === 2 && reached.includes("yes") && reached.includes("only_if");
  if (single === undefined || (exploitation !== undefined && !isKev) || (reached !== undefined && !isExposed)) return undefined;
  const flags = [[isKev, "kev"], [isExposed, "exposed"], [fixable, "fixable"], [view === "judged", "judged"], [view === "not-looked", "not-looked"]] as const;
  return `fathom vulnerabilities${flags.flatMap(([set, name]) => (set ? [` --${name}`] : [])).join("")}${up === undefined ? "" : ` --class ${up}`}${id ? ` --id ${word(id)}` : ""}${resource ? ` --of ${word(resource)}` : ""}${(on ?? []).map((each) => ` --on ${each}`).join("")}${single}`;
}
