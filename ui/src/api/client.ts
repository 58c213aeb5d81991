// Requests to the API: typed by its document, with every failure as one of three errors.
import { sessions } from "../session/session";
import { connection } from "./connection";
import { Garbled, Gone, type Problem, Refused } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
type Getting = { [P in keyof paths]: paths[P] extends { get: object } ? P : never }[keyof paths];
type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } } ? T : never;
export type Query<P extends Getting> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

/** The longest answer that is worth waiting for; the server gives up after two minutes itself. */
const PATIENCE_MS = 130_000;

/** Gets what a route answers. */
export async function get<P extends Getting>(
  path: P,
  query?: Query<P>,
  options: { signal?: AbortSignal; params?: Params } = {},
): Promise<Answer<paths[P]["get"]>> {
  const address = filled(path, options.params);
  const text = queryText(query ?? {});
  const response = await ask(text ? `${address}?${text}` : address, { signal: options.signal });
  return json(response);
}

type Sending = "POST" | "PUT" | "PATCH" | "DELETE";

/** Sends a body and gets the answer; nothing where the answer has no body. */
async function send<T>(method: Sending, path: keyof paths, body: unknown, params?: Params, signal?: AbortSignal): Promise<T> {
  const response = await ask(filled(path, params), {
    method, signal, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return response.status === 204 ? (undefined as T) : json(response);
}

type Params = Record<string, string | number>;
function filled(path: string, params: Params = {}): string {
  return Object.entries(params).reduce((address, [name, value]) => address.replace(`{${name}}`, encodeURIComponent(value)), path);
}

export const post = <T>(path: keyof paths, body: unknown, signal?: AbortSignal, params?: Params): Promise<T> => send("POST", path, body, params, signal);
export const put = <T = void>(path: keyof paths, body: unknown, params?: Params): Promise<T> => send("PUT", path, body, params);
export const patch = <T>(path: keyof paths, body: unknown, params?: Params): Promise<T> => send("PATCH", path, body, params);
export const remove = <T = void>(path: keyof paths, params?: Params, body?: unknown): Promise<T> => send("DELETE", path, body, params);

/** Parameters as the API takes them: lists repeat, what is not set is left out. */
export function queryText(query: object): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query as Record<string, unknown>))
    for (const one of Array.isArray(value) ? value : [value])
      // In a list an empty text asks for what has no value.
      if (one !== undefined && one !== null && (one !== "" || Array.isArray(value))) text.append(name, String(one));
  return text.toString();
}

/** A request whose answer is not an error. `background` where nobody asked for it; otherwise that is found out. */
export async function ask(address: string, init: RequestInit & { background?: boolean } = {}): Promise<Response> {
  const ended = connection.begun();
  const { background, ...rest } = init;
  const own = init.headers as Record<string, string> | undefined;
  const stream = own?.accept === "text/event-stream";
  const request = () => {
    const headers = { accept: "application/json", ...sessions.headers(init.method, stream || background), ...own };
    // A stream lasts as long as what it tells of.
    const limits = stream ? [] : [AbortSignal.timeout(PATIENCE_MS)];
    const signal = AbortSignal.any(init.signal ? [init.signal, ...limits] : limits);
    return fetch(address, { ...rest, headers, signal, cache: "no-store", credentials: "same-origin" }).then((response) => {
      sessions.told(response.headers, "x-fathom-background" in headers);
      return response;
    });
  };
  try {
    const response = await request();
    // A proxy that stands before a server which is gone.
    if (response.status >= 500 && !isProblem(response)) throw lost();
    connection.answered();
    if (!response.ok) throw await refusal(response, address);
    return response;
  } catch (error) {
    if (error instanceof TypeError) throw lost();
    if (error instanceof DOMException && error.name === "TimeoutError") throw lost();
    throw error;
  } finally {
    ended();
  }
}

function lost(): Gone {
  connection.lost();
  return new Gone();
}

function isProblem(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

async function refusal(response: Response, address: string): Promise<Error> {
  if (!isProblem(response)) return new Garbled(`The answer is not one of Fathom's (HTTP ${response.status}). Is something else in between?`);
  const problem = await json<Problem>(response);
  // Whoever is signing in was not in.
  if (problem.code === "unauthorized" && !address.startsWith("/api/v1/signin")) sessions.refused();
  // Another tab, or an administrator, may have changed who one is here.
  if (problem.code === "csrf_refused" || problem.code === "forbidden") sessions.doubt();
  return new Refused(problem);
}

/** What a body says. */
async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    // The body ended early: the server went away while it answered.
    throw lost();
  }
}
