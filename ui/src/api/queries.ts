// The questions that pages ask, each with its key.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { get, post, type Query, type Schemas } from "./client";
import { connection } from "./connection";
import { Gone, Refused } from "./problem";

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

export const summary = queryOptions({ queryKey: ["summary"], queryFn: ({ signal }) => get("/api/v1/summary", undefined, { signal }) });
export const scans = queryOptions({ queryKey: ["scans"], queryFn: ({ signal }) => get("/api/v1/scans", { limit: 200 }, { signal }) });
export const tables = queryOptions({ queryKey: ["tables"], queryFn: ({ signal }) => get("/api/v1/sql/tables", undefined, { signal }), staleTime: 600_000 });
export const trend = (query: Query<"/api/v1/trend"> = {}) =>
  queryOptions({ queryKey: ["trend", query], queryFn: ({ signal }) => get("/api/v1/trend", { limit: 200, ...query }, { signal }) });
export const changes = (query: Query<"/api/v1/changes"> = {}) =>
  queryOptions({ queryKey: ["overview", "changes", query], queryFn: ({ signal }) => get("/api/v1/changes", query, { signal }) });
export const worst = (limit: number) =>
  queryOptions({ queryKey: ["overview", "worst", limit], queryFn: ({ signal }) => get("/api/v1/unknowns", { limit }, { signal }) });
export const acceptances = queryOptions({ queryKey: ["overview", "acceptances"], queryFn: ({ signal }) => get("/api/v1/acceptances", undefined, { signal }) });
export const resource = (uid: string) =>
  queryOptions({ queryKey: ["resource", uid], queryFn: ({ signal }) => get("/api/v1/resource", { uid }, { signal }) });

export type Table = Schemas["AnswerView"];
/** Asks in SQL. */
export const sql = (query: string, options: { as_of?: string; rows_max?: number } = {}, signal?: AbortSignal) =>
  post<Table>("/api/v1/sql", { query, ...options }, signal);

/** The same, for figures on a page. */
export const figures = (key: string, query: string) =>
  queryOptions({ queryKey: ["overview", "sql", key, query], queryFn: ({ signal }) => sql(query, {}, signal) });
