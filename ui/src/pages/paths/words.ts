// How an intruder would walk, in words: what somebody has, what is done, what closes it, and the commands that ask the same.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { counted, kind, list, shown } from "../../lib/text";
import { accountOf, edited as statement } from "../permissions/climb";
import { short } from "../permissions/words";

export type Node = Schemas["PathNode"];
export type Kind = Schemas["PathKind"];
export type Step = Schemas["PathStep"];
export type Story = Schemas["StoryView"];
export type Edit = Schemas["PathEdit"];
export type First = Schemas["FirstView"];
export type Answer = Schemas["HowSure"];
export type Entry = Schemas["PathEntry"];
export type Jewel = Schemas["PathJewel"];

export const ENTRIES: Record<Entry, string> = { internet: "the internet", vendor: "an account outside", leaked_key: "a leaked key", given: "who is named" };
export const JEWELS: Record<Jewel, string> = { administrators: "a whole account", data: "data", keys: "keys", backups: "backups", logs: "logs" };
export const ANSWERS: Record<Answer, string> = { yes: "possible", only_if: "only if", unknown: "not known" };

/** What each answer means, as a sentence's end. */
export const MEANS: Record<Answer, string> = {
  yes: "every step is possible as things are", only_if: "a step needs what is shown: a condition, or a weakness in what listens on a port", unknown: "what decides a step was not read",
};

const KINDS: Record<Kind, [one: string, many: string]> = {
  internet: ["internet", "internet"], vendor: ["account outside", "accounts outside"], access_key: ["access key", "access keys"], principal: ["user or role", "users and roles"], grown: ["more permissions", "users and roles with more permissions"],
  account: ["whole account", "whole accounts"], balancer: ["load balancer", "load balancers"], listener: ["open port", "open ports"], server: ["server or function", "servers and functions"], data: ["data", "data"], keys: ["key", "keys"], backups: ["backup", "backups"], logs: ["log", "logs"],
};
export const kinds = (of: Kind, many: number): string => KINDS[of][many === 1 ? 0 : 1];

const OUTSIDE = "outside your scope";

/** The name at the end of an ARN, without what only tells one from another. */
function tail(id: string): string {
  if (!id.startsWith("arn:")) return id;
  if (/^arn:[^:]*:iam:/.test(id)) return short(id);
  const parts = id.split(":").slice(5).join(":").split("/");
  // A load balancer's name stands before the number that AWS gave it.
  if (id.includes(":loadbalancer/") && parts.length > 2) return parts.at(-2) ?? id;
  return (parts.at(-1) ?? id).split(":").at(-1) ?? id;
}

/** What people call it; nothing of what may not be seen. */
export function bare({ kind: of, id, name, withheld }: Node): string {
  if (withheld || id === null || id === undefined) return OUTSIDE;
  if (of === "internet") return "the internet";
  if (of === "access_key") return shown(id.split("/").at(-1) ?? id, 120);
  if (of === "principal" && !id.startsWith("arn:")) return `root user of ${shown(id, 20)}`;
  return shown(name?.trim() ? name : tail(id), 120);
}

/** What an intruder has, as a sentence's part. */
export function called(node: Node): string {
  const name = bare(node);
  if (node.withheld) return `${/^[aeio]/.test(kinds(node.kind, 1)) ? "an" : "a"} ${kinds(node.kind, 1)} ${OUTSIDE}`;
  switch (node.kind) {
    case "vendor": return node.name ? `${name} (account ${shown(node.id ?? "", 20)})` : `account ${name} outside`;
    case "access_key": return `access key ${name}`;
    case "grown": return `${name}, with what it gave itself`;
    case "account": return `everything in account ${name}`;
    case "balancer": return `load balancer ${name}`;
    case "listener": return `what listens on ${name}`;
    case "server": return `code on ${name}`;
    case "data": return `the data of ${name}`;
    case "keys": return `power over the key ${name}`;
    case "backups": return `power over the backup ${name}`;
    case "logs": return `power over the log ${name}`;
    default: return name;
  }
}

/** What stands beneath the name in a box: what it is, and where. */
export function is(node: Node): string {
  if (node.withheld) return kinds(node.kind, 1);
  if (node.kind === "internet") return "anybody there";
  const what = node.resource_type ? kind(node.resource_type) : node.id?.includes(":role/") ? "role" : node.id?.includes(":user/") && node.kind !== "access_key" ? "user" : kinds(node.kind, 1);
  const account = node.kind === "account" || node.kind === "vendor" ? undefined : (node.account ?? accountOf(node.id ?? ""));
  return account ? `${what} of ${shown(account, 20)}` : what;
}

/** `from the internet to the data of payments`. */
export const title = ({ from, to }: Pick<Story, "from" | "to">): string => `From ${list(from.map(called))} to ${called(to)}`;

const LOSSES: Record<Jewel, [one: string, many: string]> = { administrators: ["whole account", "whole accounts"], data: ["thing with data", "things with data"], keys: ["key", "keys"], backups: ["backup", "backups"], logs: ["log", "logs"] };
/** `1 whole account, 3 keys and 13 backups`. */
export const losses = (counts: readonly { jewel: Jewel; count: number }[]): string => list(counts.map((each) => counted(each.count, ...LOSSES[each.jewel])));

/** What is lost, with how much besides: `restricted data, and with it 3 keys`. */
export function loss({ jewel, data_class, with_it_counts }: Pick<Story, "jewel" | "data_class" | "with_it_counts">): string {
  const what = jewel === "data" && data_class ? `${shown(data_class, 40)} data` : JEWELS[jewel];
  return with_it_counts.length > 0 ? `${what}, and with it ${losses(with_it_counts)}` : what;
}

/** `, in 3 steps`; how many lie outside is not known to whoever sees a part. */
export const inSteps = (steps: readonly Step[]): string => (steps.some((step) => step.withheld) ? "" : `, in ${counted(steps.length, "step")}`);

/** What the intruder does, to what. */
export function done({ title: does, on }: Pick<Step, "title" | "on">): string {
  return `${shown(does, 200)}${on && on !== "*" ? `: ${shown(tail(on), 120)}` : ""}`;
}

/** Steps as a line: `reaches it from the internet → breaks into what listens there`. */
export const trail = (steps: readonly Step[]): string => steps.map((step) => shown(step.title, 120)).join(" → ");

/** The edit in words. */
export function edited(edit: Edit): string {
  const of = edit.of ?? "";
  switch (edit.kind) {
    case "statement":
      return statement({ prevents: "", holder: of, layer: edit.layer ?? "identity_policies", policy: edit.policy ?? "", statement: edit.statement ?? 0, sid: edit.sid, action: edit.action });
    case "group_rule": return `Take the rule for ${shown(edit.rule ?? "", 200)} out of the security group ${shown(of, 60)}.`;
    case "role": return `Let ${shown(tail(of), 120)} run without ${shown(tail(edit.role ?? ""), 120)}.`;
    case "access_key": return `Switch off the access key ${shown(tail(of).split("/").at(-1) ?? of, 120)}.`;
    default: return "An edit outside your scope.";
  }
}

/** What comes of an edit that was tried. */
export function comes({ other_steps: steps }: Pick<Edit, "other_steps">): string {
  return typeof steps === "number" ? `Asked again as if that were done, another way is left, in ${counted(steps, "step")}.` : "Asked again as if that were done, nothing leads there.";
}

/** How good the smallest cut is known to be. */
export function gap({ cost, at_least }: { cost: number; at_least: number }): string {
  return cost === at_least ? "No smaller cut exists." : `Nothing that costs less than ${at_least} can do it; between that and ${cost} it is not known.`;
}

/** A story in the address: how it begins, what kind of loss it is, and what is lost. */
export const key = ({ entry, jewel, to }: Pick<Story, "entry" | "jewel" | "to">): string => `${entry} ${jewel} ${to.id ?? ""}`;

/** The same read. */
export function read(text: string): { entry: Entry; jewel: Jewel; to: string } | undefined {
  const [entry = "", jewel = "", ...rest] = text.split(" ");
  const to = rest.join(" ");
  return entry in ENTRIES && jewel in JEWELS && to ? { entry: entry as Entry, jewel: jewel as Jewel, to } : undefined;
}

/** The commands that ask the same. */
export function pathsLine({ entry, jewel, from, to }: { entry?: string[]; jewel?: string[]; from?: string; to?: string }): string {
  const each = (name: string, values: string[] = []) => values.map((value) => ` --${name} ${word(value.replace(/_/g, "-"))}`).join("");
  return `fathom paths${each("entry", entry)}${each("jewel", jewel)}${from ? ` --from ${word(from)}` : ""}${to ? ` --to ${word(to)}` : ""}`;
}
export const blastLine = (of: string): string => `fathom blast-radius ${word(of)}`;
