// Policies as they are kept in documents, and as they would be.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";

export type Proposal = Schemas["Proposal"];
export type Of = Schemas["PolicyOf"];

/** The name of an inline policy that takes no other's place. */
export const NEW = "what-if";

export const OF: Record<Of, { name: string; which: string; open: string; types?: string[] }> = {
  principal: { name: "a user, role or group", which: "which", open: "a name or an ARN", types: ["AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group"] },
  managed: { name: "all who have a managed policy", which: "which", open: "a policy's name or ARN", types: ["AWS::IAM::ManagedPolicy"] },
  resource: { name: "a resource, or who may assume a role", which: "which", open: "a name, an id or an ARN" },
  scp: { name: "the organisation: service control policy", which: "which", open: "a policy's name or id", types: ["AWS::Organizations::Policy"] },
  rcp: { name: "the organisation: resource control policy", which: "which", open: "a policy's name or id", types: ["AWS::Organizations::ResourceControlPolicy"] },
};

/** Where resources keep their policies. */
const KEPT = ["Policy", "policy", "AssumeRolePolicyDocument", "ResourcePolicy", "AccessPolicies", "accessPolicy"];
const LISTS = ["UserPolicyList", "RolePolicyList", "GroupPolicyList"];

type Node = Record<string, unknown>;
const node = (value: unknown): Node | undefined => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Node) : undefined);
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.map(node).filter((each) => each !== undefined) : []);

/** A policy with indents, whether it is kept as JSON or as its text; as it is where it is neither. */
export function tidy(policy: unknown): string {
  if (policy === undefined || policy === null) return "";
  if (typeof policy !== "string") return JSON.stringify(policy, null, 2);
  try {
    return JSON.stringify(JSON.parse(policy), null, 2);
  } catch {
    return policy;
  }
}

/** The policies that a document keeps, by their names. */
export function written(of: Of, document: unknown): { name: string; text: string }[] {
  const all = node(document);
  if (!all) return [];
  const one = (policy: unknown) => { const text = tidy(policy); return text ? [{ name: "", text }] : []; };
  switch (of) {
    case "principal": return LISTS.flatMap((list) => nodes(all[list])).map((each) => ({ name: String(each.PolicyName), text: tidy(each.PolicyDocument) }));
    case "managed": return one((nodes(all.PolicyVersionList).find((each) => each.IsDefaultVersion === true || each.VersionId === all.DefaultVersionId))?.Document);
    case "resource": return one(KEPT.map((member) => all[member]).find((each) => each !== undefined && each !== null));
    default: return one(all.Content);
  }
}

export function isJson(text: string): boolean {
  try {
    return node(JSON.parse(text)) !== undefined;
  } catch {
    return false;
  }
}

/** The command that asks the same. */
export function line({ of, id, name, document }: Proposal): string {
  const what = document === null || document === undefined ? "--remove" : "--policy new.json";
  return `fathom what-if ${what} --${of} ${word(id)}${of === "principal" && name && name !== NEW ? ` --name ${word(name)}` : ""}`;
}
