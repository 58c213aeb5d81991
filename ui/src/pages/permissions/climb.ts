// What somebody can come to be, in words: the goal, its steps, and the edit that prevents it.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { counted, shown } from "../../lib/text";
import { type Asker, type Decision, layer, short } from "./words";

export type Climb = Schemas["EscalationAnswer"];
export type Edit = Schemas["EscalationEdit"];
export type Level = Schemas["StepDecision"];
export type Reached = Schemas["ReachedOne"];
export type Step = Schemas["EscalationStep"];
export type StepAsked = Schemas["StepAsked"];
export type Climber = Schemas["EscalationRow"];

/** The rule of a step that is none: who may do everything in an account takes no step to be that. */
export const BEING = "administers";

export const DECISIONS: Record<Level, Decision> = { sure: "allowed", only_if: "only_if", unknown: "unknown" };
export const LEVELS: Record<Level, string> = { sure: "sure", only_if: "only if", unknown: "unknown" };
/** How sure it is, as a sentence's part. */
const HOW: Record<Level, string> = { sure: "", only_if: ", only if conditions hold", unknown: ", if what was not read allows it" };

export const isAccount = (name: string): boolean => /^\d{12}$/.test(name);

/** The account of an ARN. */
export const accountOf = (arn: string): string => (arn.startsWith("arn:") ? (arn.split(":")[4] ?? "") : "");

/** The steps that somebody takes. */
export const taken = ({ steps }: Pick<Reached, "steps">): Step[] => steps.filter((step) => step.rule !== BEING);

export function goal({ what, name }: Pick<Reached, "what" | "name">): string {
  if (what === "account") return `take over account ${shown(name, 40)}`;
  return what === "more" ? `give more permissions to ${short(name)}` : `become ${short(name)}`;
}

/** `can become security-audit, in 1 step`. */
export function says(one: Reached): string {
  return `can ${goal(one)}${HOW[one.decision]}, in ${counted(taken(one).length, "step")}`;
}

export const more = ({ accounts, others }: Pick<Climber, "accounts" | "others">): number => Math.max(0, accounts.length + others - 1);

/** What is done, to what: `assumes the role security-audit`; the title alone where it is done to oneself. */
export function done({ title, on, actor, rule }: Step): string {
  const isTold = rule !== BEING && on !== actor && on !== "*" && on !== "";
  return `${shown(title, 160)}${isTold ? `: ${short(on)}` : ""}`;
}

/** Where the statement stands, and what is taken out. */
export function edited({ action, statement, sid, policy, layer: of, holder }: Edit): string {
  const number = `statement ${statement}${sid ? ` “${shown(sid, 80)}”` : ""}`;
  const where = of === "resource_policy" ? `the ${shown(policy, 200)} of ${short(holder)}` : `the policy ${shown(policy, 200)} of ${short(holder)}`;
  return action ? `Take ${shown(action, 120)} out of ${number} of ${where}.` : `Take ${number} out of ${where}.`;
}

/** What is left once that is done. */
export function left({ other_steps: steps }: Pick<Edit, "other_steps">): string {
  return typeof steps === "number" ? `Asked again as if that were done, another way is left, in ${counted(steps, "step")}.` : "Asked again as if that were done, no way is left.";
}

/** Statements by their layer, what grants first and what only lets pass last. */
export function byLayer(because: StepAsked["because"]): { name: string; reasons: StepAsked["because"] }[] {
  const limits: string[] = ["permission_boundaries", "scps", "rcps", "vpc_endpoint_policies"];
  const names = [...new Set(because.map((each) => each.layer))].sort((a, b) => limits.indexOf(a) - limits.indexOf(b));
  return names.map((name) => ({ name: layer(name), reasons: because.filter((each) => each.layer === name) }));
}

/** Which of what can be reached an address means: the one of that name, or of it with more permissions. */
export function chosen(reached: readonly Reached[], to?: string, more = false): number {
  const of = (one: Reached) => one.name === to;
  const exact = reached.findIndex((one) => of(one) && (one.what === "more") === more);
  return exact >= 0 ? exact : reached.findIndex(of);
}

/** What becomes of a policy, so that the section for that can be opened on it. */
export interface WhatIf { of: "resource" | "principal" | "managed"; id: string }

type Node = Record<string, unknown>;
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter((each): each is Node => typeof each === "object" && each !== null) : []);

/** Where the policy of an edit is kept, by the document of its holder; none where that does not tell. */
export function keptIn({ layer: of, holder, policy }: Edit, document: unknown): WhatIf | undefined {
  if (of === "resource_policy") return { of: "resource", id: holder };
  if (typeof document !== "object" || document === null) return undefined;
  const all = document as Node;
  if (["UserPolicyList", "RolePolicyList"].some((list) => nodes(all[list]).some((each) => each.PolicyName === policy))) return { of: "principal", id: holder };
  const arn = ["AttachedManagedPolicies", "AttachedPolicies"].flatMap((list) => nodes(all[list])).find((each) => each.PolicyName === policy || each.PolicyArn === policy)?.PolicyArn;
  return typeof arn === "string" ? { of: "managed", id: arn } : undefined;
}

/** The command that asks the same. */
export function escalate(principal?: string, to?: string): string {
  return `fathom escalate${principal ? ` ${word(principal)}` : ""}${principal && to ? ` --to ${word(to)}` : ""}`;
}

/** What stands on a box: who, and what it is. */
export function called({ kind, principal }: Asker): { name: string; is: string } {
  return kind === "root" ? { name: "root user", is: `of ${shown(principal, 40)}` } : { name: short(principal), is: `${kind} of ${shown(accountOf(principal), 40)}` };
}
