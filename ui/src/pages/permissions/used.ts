// What nobody used: its words, and what is granted against what was used, by service.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { counted } from "../../lib/text";

export type Row = Schemas["UnusedOne"];
export type Unused = Schemas["UnusedAnswer"];
export type Least = Schemas["LeastPrivilegeAnswer"];

export const DAYS = 90;
export const DAYS_MAX = 3650;
export const PRESETS = [30, 90, 180, 365] as const;

export const WHAT: Record<Row["kind"], { one: string; many: string }> = {
  access_key: { one: "access key", many: "access keys" }, password: { one: "password", many: "passwords" }, user: { one: "user", many: "users" }, role: { one: "role", many: "roles" },
};

/** What was looked at: `8 users, 24 roles and 2 access keys`. */
export const looked = (asked: Unused["asked"]): string[] => asked.map(({ kind, count }) => counted(count, WHAT[kind].one, WHAT[kind].many));

const ADMIN: Record<Row["admin"], string | undefined> = { yes: "administrator", only_if: "administrator, only if", unknown: "perhaps administrator", no: undefined };
/** Whether it can give itself every permission; nothing where it cannot. */
export const admin = (is: Row["admin"]): string | undefined => ADMIN[is];

export interface Service { service: string; granted: number; used: string[]; never: string[]; tried: string[]; unseen: string[] }

/** The granted actions of each service, those first of which most was never used. Calls that nothing grants are not in it. */
export function byService(answer: Pick<Least, "used" | "never_used" | "never_tried" | "unseen">): Service[] {
  const services = new Map<string, Service>();
  const of = (action: string, group?: string): Service => {
    const name = group ?? action.split(":")[0] ?? action;
    const known = services.get(name) ?? { service: name, granted: 0, used: [], never: [], tried: [], unseen: [] };
    services.set(name, known);
    return known;
  };
  const used = new Set<string>();
  for (const { action, granted } of answer.used) {
    if (!granted) continue;
    used.add(action);
    of(action).used.push(action);
  }
  for (const { service, actions } of answer.never_used) of("", service).never.push(...actions);
  for (const { service, actions } of answer.never_tried) of("", service).tried.push(...actions);
  // What was used on something a log shows is used, though no log would show all of it.
  for (const { groups } of answer.unseen) for (const { service, actions } of groups) of("", service).unseen.push(...actions.filter((each) => !used.has(each)));
  const all = [...services.values()].map((each) => ({ ...each, granted: each.used.length + each.never.length + each.tried.length + each.unseen.length }));
  const unused = ({ never, tried }: Service) => never.length + tried.length;
  return all.sort((one, other) => unused(other) - unused(one) || other.granted - one.granted || one.service.localeCompare(other.service));
}

/** The command that asks the same. */
export function line({ principal, days, drop }: { principal?: string; days: number; drop?: boolean }): string {
  const given = days === DAYS ? "" : ` --days ${days}`;
  return principal ? `fathom least-privilege ${word(principal)}${given}${drop ? " --drop-unseen" : ""}` : `fathom unused${given}`;
}
