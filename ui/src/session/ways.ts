// The ways in and out, as the server offers them.
import { ask, get, post } from "../api/client";
import { Gone, type Problem, Refused, sentence, words } from "../api/problem";
import { connection } from "../api/connection";
import { type Brought, brought, failure } from "./brought";
import { make, type CreationJson, prove, type RequestJson } from "./passkey";
import { sessions } from "./session";
import type { PasskeyView, Who } from "./types";

/** Takes it out of the address. */
export function take(): Brought | undefined {
  const found = brought(window.location.hash);
  if (found) window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return found;
}

const enter = async (asked: Promise<Who>): Promise<Who> => {
  const who = await asked;
  sessions.entered(who, true);
  return who;
};

export const ways = (signal?: AbortSignal) => get("/api/v1/signin", undefined, { signal });

export const withToken = (token: string) => enter(post<Who>("/api/v1/signin/token", { token }));
export const withPassword = (name: string, password: string, code: string) => enter(post<Who>("/api/v1/signin/password", { name, password, code }));
export const withRecovery = (name: string, code: string) => enter(post<Who>("/api/v1/signin/recovery", { name, code }));
export const withInvitation = (invitation: string) => enter(post<Who>("/api/v1/signin/invitation", { invitation }));
/** Ends the invitation: from now on the session is a full one. */
export const enrolled = () => enter(post<Who>("/api/v1/signin/invitation/finish", {}));

interface Challenge<O> { challenge_id: string; options: O }
export async function withPasskey(how: { inField?: boolean; signal?: AbortSignal } = {}): Promise<Who> {
  const { challenge_id, options } = await post<Challenge<RequestJson>>("/api/v1/signin/passkey/start", {}, how.signal);
  const credential = await prove(options, how);
  return enter(post<Who>("/api/v1/signin/passkey/finish", { challenge_id, credential }));
}

/** Makes a passkey for whoever is signed in. */
export async function addPasskey(name: string): Promise<PasskeyView> {
  const { challenge_id, options } = await post<Challenge<CreationJson>>("/api/v1/me/passkeys/start", {});
  const credential = await make(options);
  return post<PasskeyView>("/api/v1/me/passkeys/finish", { challenge_id, name, credential });
}

/** Where a browser goes to sign in elsewhere, and to come back to this page. */
export const oidcAddress = (id: string): string =>
  `/api/v1/signin/oidc/${encodeURIComponent(id)}/start?next=${encodeURIComponent(window.location.pathname + window.location.search)}`;

/** Asks who this is, without counting as use. A server that is gone is waited for elsewhere. */
export async function check(): Promise<void> {
  try {
    const response = await ask("/api/v1/session", { background: true });
    sessions.entered((await response.json()) as Who);
  } catch {
    // Without a session the request itself has signed out; without a server it is asked again when it is back.
  }
}

/** Counts as use: the session goes on. */
export async function stay(): Promise<void> {
  const response = await ask("/api/v1/session/alive", { method: "POST", body: "{}", headers: { "content-type": "application/json" }, background: false });
  sessions.entered((await response.json()) as Who);
}

const isRefused = (error: unknown, code: string): boolean => error instanceof Refused && error.problem.code === code;

/** Signs out. Where the server refuses that, the session goes on there, so it does here too, and that is said. */
export async function leave(): Promise<void> {
  const end = () => ask("/api/v1/session", { method: "DELETE", background: false });
  sessions.stuck(undefined);
  try {
    await end().catch(async (error: unknown) => {
      if (!isRefused(error, "csrf_refused")) throw error;
      // Another tab signed in anew: what proves that a request is ours is another one now.
      await check();
      return end();
    });
  } catch (error) {
    if (error instanceof Gone) {
      sessions.left("The server did not answer, so it could not be told. The session ends there by itself when nobody uses it; close the browser to forget it here.", { here: true });
      return;
    }
    if (!isRefused(error, "unauthorized")) {
      sessions.stuck(words(error).join(" "));
      return;
    }
  }
  sessions.left("You are signed out.", { own: true, here: true });
}

/** The first question of the page: is there a session? What was brought in the address comes before. */
export async function begin(found: Brought | undefined): Promise<void> {
  if (found?.kind === "token") {
    try {
      await withToken(found.value);
      return;
    } catch (error) {
      if (error instanceof Gone) {
        later(found);
        return;
      }
      sessions.left(words(error).join(" "));
      return;
    }
  }
  try {
    const response = await ask("/api/v1/session");
    sessions.entered((await response.json()) as Who);
  } catch (error) {
    if (error instanceof Gone) {
      later(found);
      return;
    }
    const missed = sessions.wasIn() && error instanceof Refused ? whyMissed(error.problem) : undefined;
    sessions.left(found?.kind === "failed" ? failure(found.value) : missed);
  }
}

/** Why somebody who was in is asked to sign in: when the session ended went with the page that knew it. */
function whyMissed({ code, detail }: Problem): string {
  if (code !== "unauthorized") return sentence(detail);
  return "You were signed in here, and that session is over: nobody used it for a while, it reached the longest time that one lasts, or it was ended elsewhere. Sign in to go on.";
}

function later(found: Brought | undefined): void {
  const end = connection.onReturn(() => {
    end();
    void begin(found);
  });
}
