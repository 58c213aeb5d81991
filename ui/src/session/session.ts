// Who is signed in, and until when. The session itself is a cookie that no script can read.
import { ending } from "./idle";
import type { Who } from "./types";
import { activity } from "./activity";

export type { Who };
export type Session =
  /** Not known yet: the server is being asked. */
  | { state: "asking" }
  /** `own` where the person did it and is only told that it is done. */
  | { state: "out"; why?: string; own?: boolean }
  /** Invited, and without a way to sign in so far: may do nothing but get one. */
  | { state: "enrolling"; who: Who }
  | { state: "in"; who: Who };

/** Moments by this machine's clock, in milliseconds. */
export interface Times { idle: number; end: number }
interface Told { what: "in" | "out" | "times"; times?: Times }

let session: Session = { state: "asking" };
/** Whether somebody gave this person another role or scope meanwhile. */
let surprise = false;
let stuck: string | undefined;
let times: Times = { idle: Infinity, end: Infinity };
/** When the server last counted something as use. */
let used = Date.now();
/** Tells a tab that is loaded anew from one that is opened: only the first has a session to miss. */
const WAS_IN = "fathom.was-in";
/** Not more often than this is the server asked anew who one is. */
const DOUBT_MS = 5_000;
let doubted = -Infinity;
const listeners = new Set<() => void>();
const renewals = new Set<() => void>();
const tabs = typeof BroadcastChannel === "function" ? new BroadcastChannel("fathom.session") : undefined;

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function setTimes(next: Times): void {
  if (Math.abs(next.idle - times.idle) < 500 && Math.abs(next.end - times.end) < 500) return;
  times = next;
  for (const listener of listeners) listener();
}

tabs?.addEventListener("message", ({ data }: MessageEvent<Told>) => {
  if (data.what === "times" && data.times && session.state === "in") setTimes(data.times);
  else if (data.what === "out" && "who" in session) sessions.left("You signed out in another tab.", { own: true });
  // What holds now is asked of the server, not of the tab.
  else if (data.what !== "times") for (const listener of renewals) listener();
});

/** What makes two sessions see and do the same. */
export const sameRights = (a: Who, b: Who): boolean =>
  a.person === b.person && a.role === b.role && JSON.stringify(a.scope) === JSON.stringify(b.scope);

export const sessions = {
  get: (): Session => session,
  times: (): Times => times,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Calls back when the server should be asked anew who this is: another tab signed in or out, or a refusal surprised. */
  onDoubt: (listener: () => void): (() => void) => {
    renewals.add(listener);
    return () => renewals.delete(listener);
  },
  doubt: (now = Date.now()): void => {
    if (now - doubted < DOUBT_MS) return;
    doubted = now;
    for (const listener of renewals) listener();
  },
  /** Takes what the server says of the session; `fresh` where it has just begun. */
  entered: (who: Who, fresh = false): void => {
    const before = "who" in session ? session.who : undefined;
    if (before?.person === who.person && before.method === who.method && !sameRights(before, who)) surprise = true;
    const next: Session = { state: who.method === "invitation" ? "enrolling" : "in", who };
    // Nothing is drawn anew for the same answer.
    if (session.state !== next.state || !("who" in session) || JSON.stringify(session.who) !== JSON.stringify(who)) change(next);
    sessionStorage.setItem(WAS_IN, "1");
    if (fresh) tabs?.postMessage({ what: "in" } satisfies Told);
  },
  /** The server takes this session no longer; why, it tells nobody, but the clock does. */
  refused: (now = Date.now()): void => {
    if ("who" in session) sessions.left(ending(times, session.who.idle_seconds, now));
  },
  /** Whether this tab was in before it was loaded. */
  wasIn: (): boolean => sessionStorage.getItem(WAS_IN) !== null,
  /** Signed out, for whatever reason; `why` is what the sign-in page says first, `own` where the person did it, `here` where in this tab. */
  left: (why?: string, { own, here }: { own?: boolean; here?: boolean } = {}): void => {
    if (session.state === "out" && session.why === why) return;
    times = { idle: Infinity, end: Infinity };
    surprise = false;
    stuck = undefined;
    sessionStorage.removeItem(WAS_IN);
    change({ state: "out", why, ...(own && { own }) });
    if (here) tabs?.postMessage({ what: "out" } satisfies Told);
  },
  /** Why a sign-out was refused. */
  stuck: (why: string | undefined): void => {
    if (stuck === why) return;
    stuck = why;
    for (const listener of listeners) listener();
  },
  stuckAt: (): string | undefined => stuck,
  /** Whether another role or scope was given meanwhile, which the person should be told. */
  surprise: (): boolean => surprise,
  surpriseSeen: (): void => {
    surprise = false;
    for (const listener of listeners) listener();
  },
  /** What a request carries: proof that it is ours where it changes something, and whether anybody is there. */
  headers: (method: string | undefined, background = !activity.present()): Record<string, string> => {
    const headers: Record<string, string> = {};
    const changes = method !== undefined && method !== "GET" && method !== "HEAD";
    if (changes && "who" in session && session.who.csrf) headers["x-fathom-csrf"] = session.who.csrf;
    if (background) headers["x-fathom-background"] = "1";
    return headers;
  },
  /** Takes from an answer when the session ends. */
  told: (answer: Headers, background: boolean, now = Date.now()): void => {
    const idle = Date.parse(answer.get("x-fathom-idle-until") ?? "");
    const end = Date.parse(answer.get("x-fathom-ends-at") ?? "");
    if (Number.isNaN(idle)) return;
    if (!background) used = now;
    // The two clocks need not agree.
    const ahead = now - (Date.parse(answer.get("date") ?? "") || now);
    const next = { idle: idle + ahead, end: (Number.isNaN(end) ? Infinity : end) + ahead };
    if (next.idle > times.idle + 1_000) tabs?.postMessage({ what: "times", times: next } satisfies Told);
    setTimes(next);
  },
  /** Something is about to count as use. */
  noted: (now = Date.now()): void => {
    used = now;
  },
  /** Milliseconds since something last counted as use. */
  unused: (now = Date.now()): number => now - used,
};
