// What the sign-in routes answer, with the words that they use where the API's document says only that it is a text.
import type { Schemas } from "../api/client";

export type Role = "viewer" | "analyst" | "responder" | "auditor" | "administrator";
export type Permission =
  | "read_estate" | "read_documents" | "query_sql" | "accept" | "scan" | "approve_baseline" | "read_ledger" | "read_people" | "manage_people" | "manage_tokens" | "own_account";
export type Method = "owner_token" | "password" | "passkey" | "oidc" | "recovery" | "invitation" | "api_token";

/** Every member is there, null where there is nothing; some are said more exactly. */
type Exact<T, N> = Omit<Required<T>, keyof N> & N;

export type Scope = Required<Schemas["Scope"]>;
export type Who = Exact<Schemas["Session"], { role: Role; permissions: Permission[]; method: Method; scope: Scope }>;
export type SignInWays = Schemas["Ways"];
export type SessionView = Exact<Schemas["SessionView"], { role: Role; method: Method }>;
export type PersonView = Exact<Schemas["Person"], { role: Role; scope: Scope }>;
export type TokenView = Exact<Schemas["Token"], { role: Role; scope: Scope }>;
export type PasskeyView = Required<Schemas["PasskeyView"]>;
export type Invitation = Schemas["Invitation"];
export type ProviderView = Exact<Schemas["ProviderView"], { state: "well" | "unreachable" | "unknown" }>;
