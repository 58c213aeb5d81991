// What checks found, in words, and the commands that ask the same.
import type { Query, Schemas } from "../../api/client";
import { onlyThese, word } from "../../lib/sqltext";
import { count, counted, list, plain, shown } from "../../lib/text";

export type Row = Schemas["FindingRow"];
export type Finding = Schemas["FindingAnswer"];
export type Answer = Schemas["FindingsAnswer"];
export type Exception = Schemas["FindingExceptionView"];
export type Stands = Schemas["StandsAs"];
export type Severe = Schemas["FindingSeverity"];
export type Order = NonNullable<Query<"/api/v1/findings">["order"]>;
export type Asked = Omit<Query<"/api/v1/findings">, "cursor" | "limit" | "overdue" | "order"> & { overdue?: true; order?: Exclude<Order, "rank"> };

export const STATES: Record<Stands, string> = { open: "open", reopened: "came back", accepted: "accepted", fixed: "fixed" };
export const SEVERITIES: readonly Severe[] = ["critical", "high", "medium", "low"];
export const ORDERS: Record<Order, string> = { rank: "what an intruder could use", severity: "severity", due: "what is due" };
export const TURNS: Record<Schemas["FindingTurn"], string> = { opened: "the check failed first", reopened: "it came back", fixed: "fixed", unconfirmed: "the check could not say any more", confirmed: "the check could say again: it still fails" };
const FIXED: Record<Schemas["FixedWhy"], string> = { passes: "the check passes", not_applicable: "the check is not about it any more", gone: "the resource is gone" };
export const fixed = (why: Schemas["FixedWhy"] | null | undefined): string => (why ? FIXED[why] : "");

/** What people call a resource; the end of its ARN where nobody does. */
export const called = ({ name, resource }: Pick<Row, "name" | "resource">): string => shown(name?.trim() ? name : (resource.split(/[/:]/).filter(Boolean).at(-1) ?? resource), 160);

/** How sure it is that an intruder comes by. */
export const LEVELS: Record<Schemas["HowSure"], string> = { yes: "an intruder comes by", only_if: "an intruder may come by", unknown: "whether an intruder comes by is not known" };
export const REACHED: Record<Schemas["HowSure"], string> = { yes: "the internet reaches it", only_if: "the internet may reach it", unknown: "whether the internet reaches it is not known" };

/** The class of its data, and where nobody said it. */
export const dataClass = ({ class: of, class_assumed: assumed }: Pick<Row, "class" | "class_assumed">): string | undefined => (of ? `${plain(of)}${assumed ? ", as nobody said which" : ""}` : undefined);

/** The answer in a sentence; of those that were asked about where something is chosen. */
export function sentence({ total, facets }: Pick<Answer, "total" | "facets">, narrowed: boolean): string {
  const of = (value: string) => facets.severity.find((each) => each.value === value)?.count ?? 0;
  if (narrowed) return `${counted(total, "finding fits", "findings fit")}.`;
  if (total === 0) return "No check fails for anything that was asked about.";
  const late = facets.overdue.find((each) => each.value === "true")?.count ?? 0;
  return `${counted(total, "finding needs", "findings need")} work: ${list(SEVERITIES.filter((each) => of(each) > 0).map((each) => `${count(of(each))} ${each}`))}${late > 0 ? `; ${count(late)} overdue` : ""}.`;
}

/** What is lost at the end of an intruder's way, as the page of attack paths takes it: an ARN, or an account. */
export const lost = (way: Row["way"]): string | undefined => way?.end ?? undefined;

/** Whether something falls with it, so far as its kind says: who has a server, an identity or a key can go on from there. */
export const isTaken = ({ resource, resource_type, way }: Pick<Row, "resource" | "resource_type" | "way">): boolean =>
  /^AWS::(EC2::Instance|Lambda::Function|IAM::(User|Role)|KMS::Key)$/.test(resource_type) || lost(way) === resource;

/** The last day on which an exception holds: it ends with the day that somebody gave, which is when the next one begins. */
export function lastDay(until: string): string {
  const end = new Date(until);
  return Number.isNaN(end.getTime()) ? shown(until, 30) : new Date(end.getTime() - 1).toISOString().slice(0, 10);
}

/** How often it came back. */
export const back = ({ reopened }: Pick<Row, "reopened">): string => (reopened === 0 ? "" : reopened === 1 ? "came back once" : `came back ${count(reopened)} times`);

/** What stands beneath the state: by what it was fixed, or how often it came back. */
export const beneath = (row: Pick<Row, "state" | "fixed_by" | "reopened" | "confirmed">): string => (row.state === "fixed" ? fixed(row.fixed_by) : row.state === "reopened" && row.confirmed ? "" : back(row));

/** The command that asks the same; nothing where it cannot. */
export function line({ state, severity, check, service, framework, control, account, owner, confirmed, turned_since, resource, overdue, q, order }: Asked): string | undefined {
  const single = onlyThese({ account, owner });
  // The command takes a severity and all that are worse.
  const worse = severity === undefined ? 0 : SEVERITIES.slice(0, severity.length).every((each) => severity.includes(each)) ? severity.length : -1;
  if (single === undefined || worse < 0 || control !== undefined || q !== undefined || confirmed !== undefined || turned_since !== undefined) return undefined;
  const each = (name: string, values: readonly string[] = []) => values.map((value) => ` --${name} ${word(value)}`).join("");
  return `fathom findings${each("state", state)}${worse > 0 ? ` --severity ${SEVERITIES[worse - 1] ?? ""}` : ""}${each("check", check)}${each("service", service)}${framework ? ` --framework ${word(framework)}` : ""}${resource ? ` --resource ${word(resource)}` : ""}${overdue ? " --overdue" : ""}${order ? ` --order ${order}` : ""}${single}`;
}
