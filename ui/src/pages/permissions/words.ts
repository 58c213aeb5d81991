// What answers about permissions are called, and which question an address asks.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { shown } from "../../lib/text";

export type Access = Schemas["AccessKind"];
export type Asker = Schemas["AskerView"];
export type Permitted = Schemas["PermittedView"];
export type Verdict = Schemas["VerdictOfRequest"];
export type Decision = Schemas["DecisionKind"];
export type From = Schemas["OpeningFrom"];
export type KeyStep = Schemas["KeyStepView"];
export type WithKey = Schemas["WithKeyView"];
export type Vendor = Schemas["VendorView"];
export type Condition = Schemas["ConditionView"];
export type Reason = Schemas["ReasonView"];

/** What weighs most first, as it stands in every matrix. */
export const ACCESS: readonly (readonly [Access, string])[] = [
  ["admin", "changes who may do what"], ["write", "makes, changes or deletes"], ["data", "reads, writes or deletes what is kept"],
  ["tagging", "changes tags"], ["read", "reads settings"], ["list", "says what there is"],
];

export const FROM: readonly (readonly [From, string, string])[] = [
  ["public", "Public", "Anybody, from anywhere."],
  ["external", "External", "Accounts that are not of the organisation and were not scanned."],
  ["federated", "Federated", "Whom an identity provider vouches for."],
  ["confined", "Confined", "Everyone is named, and a condition confines who is meant."],
  ["cross_account", "Cross-account", "Other accounts of the organisation, or that were scanned."],
  ["service", "Services", "Services of AWS."],
];

const LAYERS: Record<Schemas["LayerKind"], string> = {
  identity_policies: "Identity policies", permission_boundaries: "Permissions boundary", session_policy: "Session policy", resource_policy: "Resource policy", scps: "Service control policies",
  rcps: "Resource control policies", vpc_endpoint_policies: "Endpoint policies", kms_grants: "Grants of the key", s3: "S3 settings", service: "Rule of the service",
};
export const layer = (name: Schemas["LayerKind"]): string => LAYERS[name];

const SAYS: Record<Schemas["LayerWord"], string> = {
  allowed: "allows", implicitly_denied: "does not allow", explicitly_denied: "denies", only_if: "decides under conditions", unknown: "was not read", not_applicable: "has no say",
};
export const says = (what: Schemas["LayerWord"]): string => SAYS[what];

/** Somebody as people say it. */
export function who({ kind, principal }: Asker): string {
  const name = shown(principal, 300);
  switch (kind) {
    case "anyone": return "everyone, without credentials";
    case "any_account": return "any AWS account that lets its own";
    case "outside": return `${name}, if its own account lets it`;
    case "federated": return `whom ${name} vouches for`;
    case "service": return `service ${name}`;
    case "root": return `root user of ${name}`;
    default: return name;
  }
}

/** The name at the end of an ARN; the whole where it has none. */
export function short(principal: string): string {
  return shown(principal.startsWith("arn:") ? principal.split(":").slice(5).join(":").replace(/^(role|user|assumed-role)\//, "") || principal : principal, 120);
}

/** A condition as a sentence's part: `aws:SourceIp IpAddress 10.0.0.0/8`. */
export function condition({ effect, key, operator, values }: Condition): string {
  const right = shown(values.slice(0, 12).join(", "), 400) + (values.length > 12 ? ` and ${values.length - 12} more` : "");
  return `${effect === "Deny" ? "not " : ""}${shown(key, 120)} ${shown(operator, 60)} ${right}`;
}

/** A statement by its policy and number. */
export function statement({ policy, statement: number, sid }: Pick<Reason, "policy" | "statement" | "sid">): string {
  return `${shown(policy, 200)}${typeof number === "number" ? `, Statement[${number}]` : ""}${sid ? ` “${shown(sid, 80)}”` : ""}`;
}

/** Why, in one line. */
export function why(verdict: Verdict): string {
  switch (verdict.decision) {
    case "only_if": return [...new Set(verdict.conditions.map(condition))].join("; ");
    case "unknown": return verdict.unknown.map((each) => shown(each, 200)).join("; ");
    case "implicitly_denied": return `no statement allows it in: ${verdict.blocked_by.map((each) => layer(each).toLowerCase()).join(", ")}`;
    case "explicitly_denied": return verdict.because.filter((each) => each.effect === "Deny").map(statement).join("; ");
    default: {
      // What never grants explains nothing.
      const limits = new Set<string>(["scps", "rcps", "vpc_endpoint_policies", "permission_boundaries"]);
      const told = verdict.because.filter((each) => each.effect === "Allow" && !limits.has(each.layer));
      return told.length ? told.map((each) => `${layer(each.layer).toLowerCase()}: ${statement(each)}`).join("; ") : "its account's own root user";
    }
  }
}

const OF_KEY: Record<Schemas["SaysKind"], string> = { allowed: "allowed", only_if: "only under conditions", unknown: "not known", denied: "not allowed" };

/** What a key says, as a sentence's part. */
export function ofKey({ needs, says: decision, note }: Pick<KeyStep, "needs" | "says" | "note">): string {
  return `and ${needs.join(" and ")} of its key: ${OF_KEY[decision]}${note ? ` (${shown(note, 200)})` : ""}`;
}

/** The same of actions in a matrix. */
export function withKey({ actions, needs, key_says }: WithKey): string {
  const names = actions.length > 3 ? `${actions.length} of these` : actions.map((each) => shown(each, 80)).join(", ");
  return `${names}: also ${actions.length > 1 ? "take" : "takes"} ${needs.join(" and ")} of its key: ${OF_KEY[key_says]}`;
}

/** Whose an account is, with what they do and until when. */
export function vendor({ name, purpose, until, over }: Vendor): string {
  return `${shown(name, 120)}${purpose ? `: ${shown(purpose, 200)}` : ""}${until ? `, until ${shown(until, 20)}${over ? ", which is over" : ""}` : ""}`;
}

export interface Question { principal?: string; action?: string; resource?: string; kind?: Asker["kind"]; context?: string[] }

/** What the fields that are filled in ask for. */
export function asks({ principal, action, resource }: Question): "explain" | "who-can" | "what-can" | "what-on" | "openings" | "resource-lacks" {
  if (action) return resource ? (principal ? "explain" : "who-can") : "resource-lacks";
  if (resource) return "what-on";
  return principal ? "what-can" : "openings";
}

/** The command that asks the same; none where there is none. */
export function command(question: Question & { from?: From }): string | undefined {
  const context = (question.context ?? []).map((each) => ` --context ${word(each)}`).join("");
  const { principal = "", action = "", resource = "" } = question;
  switch (asks(question)) {
    // What a stranger's own account allows is not taken for granted there.
    case "explain": return question.kind === "outside" || question.kind === "any_account" ? undefined : `fathom iam simulate --principal ${word(principal)} --action ${word(action)} --resource ${word(resource)}${context}`;
    case "who-can": return `fathom who-can ${word(action)} ${word(resource)}${context}`;
    case "what-can": return `fathom what-can ${word(principal)}${context}`;
    case "what-on": return `fathom what-on ${word(resource)}${context}`;
    case "openings": return question.from === "service" ? undefined : `fathom ${question.from === "cross_account" ? "cross-account" : question.from === "public" || !question.from ? "public" : "external"}${context}`;
    default: return undefined;
  }
}
