// What the API answers about the estate, by the names that pages use.
import type { Query, Schemas } from "./client";

/** The one filter of every list of resources; lists repeat, an empty text in one means "none". */
export type Filter = Pick<Query<"/api/v1/map">, "search" | "type" | "account" | "region" | "owner" | "network" | "assigned_to" | "understood" | "exposed" | "stale" | "provider_made" | "first_seen_since" | "tag">;

export type Assignment = Schemas["AssignmentView"];
export type AsOf = Schemas["AsOfView"];
export type ResourceRow = Schemas["ResourceRow"];
export type ResourcePage = Schemas["Resources"];
export type Count = Schemas["Facet"];
/** Of resources, or of what nobody can explain. */
export type Facets = Schemas["Facets"];
export type UnknownRow = Schemas["ListedRow"];
export type UnknownPage = Schemas["Unknowns"];
export type Summary = Schemas["Summary"];

export type Counts = Schemas["CountsView"];
export type Map = Schemas["MapAnswer"];

export const VERDICTS = ["drifted", "missing", "undeclared", "not_comparable", "in_line"] as const satisfies readonly Schemas["VerdictView"][];
export type Verdict = Schemas["VerdictView"];
export type Drift = Schemas["DriftRow"];

export type Baseline = Schemas["BaselineView"];
export type BaselineState = Schemas["BaselineStatus"];
export type BaselineDifference = Schemas["BaselineDifferenceRow"];

export type Who = Schemas["WhoView"];
export type ActivityEvent = Schemas["ActivityEvent"];
export type Suggestion = Schemas["Explained"];

export type ApiNode = Schemas["NodeView"];
export type Loose = Schemas["LooseView"];
export type Around = Schemas["GraphAnswer"];
export type GroupMembers = Schemas["GroupAnswer"];
export type PathAnswer = Schemas["PathAnswer"];
export type EstateGraph = Schemas["EstateAnswer"];

export type View = Schemas["SavedViewView"];
