// The questions that pages ask, each with its key.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { get, post, type Query, type Schemas } from "./client";
import { connection } from "./connection";
import { Gone, Refused } from "./problem";
import { VERDICTS } from "./types";

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server is not there for is asked again until it is; what it refuses is not.
      retry: (failures, error) => error instanceof Gone || (error instanceof Refused && error.problem.code === "too_busy" && failures < 5),
      retryDelay: 2_000,
      networkMode: "always",
      staleTime: 30_000,
      refetchOnWindowFocus: false,
    },
    mutations: { networkMode: "always" },
  },
});
connection.onReturn(() => void client.invalidateQueries());

/** The estate as it was at a moment, where one is named. */
type At = { as_of?: string };

export const summary = (at: At = {}) => queryOptions({ queryKey: ["summary", at], queryFn: ({ signal }) => get("/api/v1/summary", at, { signal }) });
export const scans = queryOptions({ queryKey: ["scans"], queryFn: ({ signal }) => get("/api/v1/scans", { limit: 200 }, { signal }) });
export const tables = queryOptions({ queryKey: ["tables"], queryFn: ({ signal }) => get("/api/v1/sql/tables", undefined, { signal }), staleTime: 600_000 });
export const trend = (query: Query<"/api/v1/trend"> = {}) =>
  queryOptions({ queryKey: ["trend", query], queryFn: ({ signal }) => get("/api/v1/trend", { limit: 200, ...query }, { signal }) });
export const changes = (query: Query<"/api/v1/changes"> = {}) =>
  queryOptions({ queryKey: ["overview", "changes", query], queryFn: ({ signal }) => get("/api/v1/changes", query, { signal }) });
export const worst = (limit: number, at: At = {}) =>
  queryOptions({ queryKey: ["overview", "worst", limit, at], queryFn: ({ signal }) => unknowns({ limit, ...at }, signal) });
export const acceptances = queryOptions({ queryKey: ["overview", "acceptances"], queryFn: ({ signal }) => get("/api/v1/acceptances", undefined, { signal }) });
export const resource = (uid: string, at: At = {}) =>
  queryOptions({ queryKey: ["resource", uid, at], queryFn: ({ signal }) => get("/api/v1/resource", { uid, ...at }, { signal }) });

/** Pages of lists; whoever asks keeps them. */
export const resources = (query: Query<"/api/v1/resources">, signal?: AbortSignal) => get("/api/v1/resources", query, { signal });
export const unknowns = (query: Query<"/api/v1/unknowns">, signal?: AbortSignal) => get("/api/v1/unknowns", query, { signal });
export const drift = (query: Query<"/api/v1/drift">, signal?: AbortSignal) => get("/api/v1/drift", query, { signal });
export const baselineDifferences = (name: string, query: Query<"/api/v1/baselines/{name}/differences">, signal?: AbortSignal) => get("/api/v1/baselines/{name}/differences", query, { signal, params: { name } });

export const facets = (query: Query<"/api/v1/resources/facets">) => queryOptions({ queryKey: ["facets", query], queryFn: ({ signal }) => get("/api/v1/resources/facets", query, { signal }) });
export const unknownFacets = (query: Query<"/api/v1/unknowns/facets">) => queryOptions({ queryKey: ["unknowns", "facets", query], queryFn: ({ signal }) => get("/api/v1/unknowns/facets", query, { signal }) });
export const coverageFacets = (query: Query<"/api/v1/coverage/facets">) => queryOptions({ queryKey: ["coverage", "facets", query], queryFn: ({ signal }) => get("/api/v1/coverage/facets", query, { signal }) });
export const map = (query: Query<"/api/v1/map">) => queryOptions({ queryKey: ["map", query], queryFn: ({ signal }) => get("/api/v1/map", query, { signal }) });
export const driftOf = (uid: string) => queryOptions({ queryKey: ["drift", "of", uid], queryFn: ({ signal }) => drift({ uid, verdict: [...VERDICTS] }, signal) });
export const baselines = queryOptions({ queryKey: ["baselines"], queryFn: ({ signal }) => get("/api/v1/baselines", undefined, { signal }) });
export const baseline = (name: string) => queryOptions({ queryKey: ["baselines", name], queryFn: ({ signal }) => get("/api/v1/baselines/{name}", undefined, { signal, params: { name } }) });
export const activity = (uid: string, limit = 50) => queryOptions({ queryKey: ["activity", uid, limit], queryFn: ({ signal }) => get("/api/v1/activity", { uid, limit }, { signal }) });
export const around = (uid: string, at: At = {}) => queryOptions({ queryKey: ["graph", "around", uid, at], queryFn: ({ signal }) => get("/api/v1/graph", { around: uid, depth: 1, limit: 500, group: 8, ...at }, { signal }) });
export const group = (query: Query<"/api/v1/graph/group">) => queryOptions({ queryKey: ["graph", "group", query], queryFn: ({ signal }) => get("/api/v1/graph/group", { ...query, limit: 500 }, { signal }) });
export const path = (query: Query<"/api/v1/graph/path">) => queryOptions({ queryKey: ["graph", "path", query], queryFn: ({ signal }) => get("/api/v1/graph/path", query, { signal }) });
export const estate = (query: Query<"/api/v1/graph/estate">) => queryOptions({ queryKey: ["graph", "estate", query], queryFn: ({ signal }) => get("/api/v1/graph/estate", query, { signal }) });
/** Kept views and questions of whoever is signed in; a server that keeps none is not asked twice. */
export const views = (page: string) => queryOptions({ queryKey: ["views", page], queryFn: ({ signal }) => get("/api/v1/views", { page }, { signal }), retry: false });

export const fixFirst = (query: Query<"/api/v1/paths/fix-first"> = {}) => queryOptions({ queryKey: ["paths", "fix-first", query], queryFn: ({ signal }) => get("/api/v1/paths/fix-first", query, { signal }) });
/** The step that most hangs on, where that is worked out already. */
export const firstToFix = queryOptions({ queryKey: ["paths", "first"], queryFn: ({ signal }) => get("/api/v1/paths/first", undefined, { signal }) });

export type Table = Schemas["AnswerView"];
/** Asks in SQL. */
export const sql = (query: string, options: { as_of?: string; rows_max?: number } = {}, signal?: AbortSignal) =>
  post<Table>("/api/v1/sql", { query, ...options }, signal);

/** The same, for figures on a page. */
export const figures = (key: string, query: string, at: At = {}) =>
  queryOptions({ queryKey: ["overview", "sql", key, query, at], queryFn: ({ signal }) => sql(query, at, signal) });
