// The roles: what each is for, and what it may.
import type { Permission, Role } from "./types";

export const ROLES: readonly Role[] = ["viewer", "analyst", "responder", "auditor", "administrator"];

/** What each role is for, in the words of whoever gives it. */
export const ROLE_WORDS: Record<Role, string> = {
  viewer: "sees what is there and what is not understood",
  analyst: "also reads raw documents, asks in SQL, accepts gaps, starts scans",
  responder: "is an analyst who also approves baselines",
  auditor: "reads everything with the ledger and its proofs, and changes nothing",
  administrator: "does everything, and says who else may",
};

/** The roles that may, to name them to who may not; a journey holds this against what the server says. */
export const ROLES_THAT: Record<Permission, readonly Role[]> = {
  read_estate: ROLES,
  read_documents: ["analyst", "responder", "auditor", "administrator"],
  query_sql: ["analyst", "responder", "auditor", "administrator"],
  accept: ["analyst", "responder", "administrator"],
  scan: ["analyst", "responder", "administrator"],
  approve_baseline: ["responder", "administrator"],
  read_ledger: ["auditor", "administrator"],
  read_people: ["auditor", "administrator"],
  manage_people: ["administrator"],
  manage_tokens: ["analyst", "responder", "administrator"],
  own_account: ROLES,
};

/** What each permission is for, after "may". */
export const POWER_WORDS: Record<Permission, string> = {
  read_estate: "see the estate", read_documents: "read raw documents", query_sql: "ask in SQL", accept: "accept gaps and assign", scan: "start scans",
  approve_baseline: "approve baselines", read_ledger: "read the ledger", read_people: "see people and sessions", manage_people: "change people", manage_tokens: "make API tokens", own_account: "change their own account",
};

/** What another role gives and takes. */
export function change(from: Role, to: Role): { gains: string[]; loses: string[] } {
  const powers = Object.entries(ROLES_THAT) as [Permission, readonly Role[]][];
  const only = (has: Role, lacks: Role) => powers.filter(([, roles]) => roles.includes(has) && !roles.includes(lacks)).map(([power]) => POWER_WORDS[power]);
  return { gains: only(to, from), loses: only(from, to) };
}

/** The roles that may do nothing which this one may not. */
export function rolesBelow(role: Role): Role[] {
  const powers = (of: Role) => Object.values(ROLES_THAT).filter((roles) => roles.includes(of));
  const own = new Set(powers(role));
  return ROLES.filter((each) => powers(each).every((power) => own.has(power)));
}
