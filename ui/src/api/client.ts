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
  options: { signal?: AbortSignal; params?: Record<string, string | number> } = {},
): Promise<Answer<paths[P]["get"]>> {
  let address: string = path;
  for (const [name, value] of Object.entries(options.params ?? {}))
    address = address.replace(`{${name}}`, encodeURIComponent(value));
  const text = queryText(query ?? {});
  const response = await ask(text ? `${address}?${text}` : address, { signal: options.signal });
  return json(response);
}

/** Sends a body and gets the answer. */
export async function post<T>(path: keyof paths, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, {
    method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" }, signal,
  });
  return json(response);
}

/** Parameters as the API takes them: lists repeat, what is not set is left out. */
export function queryText(query: object): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query as Record<string, unknown>))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && one !== "") text.append(name, String(one));
  return text.toString();
}

/** A request whose answer is not an error. */
export async function ask(address: string, init: RequestInit = {}): Promise<Response> {
  const ended = connection.begun();
  const headers: Record<string, string> = { accept: "application/json", ...sessions.headers(), ...(init.headers as Record<string, string>) };
  // A stream lasts as long as what it tells of.
  const limits = headers.accept === "text/event-stream" ? [] : [AbortSignal.timeout(PATIENCE_MS)];
  try {
    const response = await fetch(address, {
      ...init,
      headers,
      signal: AbortSignal.any(init.signal ? [init.signal, ...limits] : limits),
      cache: "no-store",
      credentials: "same-origin",
    });
    // A proxy that stands before a server which is gone.
    if (response.status >= 500 && !isProblem(response)) throw lost();
    connection.answered();
    if (!response.ok) throw await refusal(response, init);
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

async function refusal(response: Response, init: RequestInit): Promise<Error> {
  if (!isProblem(response)) return new Garbled(`The answer is not one of Fathom's (HTTP ${response.status}). Is something else in between?`);
  const problem = (await json(response)) as Problem;
  const offered = init.headers && "authorization" in init.headers;
  if (problem.code === "unauthorized" && !offered)
    sessions.signOut("The server no longer takes this token. It was perhaps started with other data; sign in anew.");
  return new Refused(problem);
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    // The body ended early: the server went away while it answered.
    throw lost();
  }
}
