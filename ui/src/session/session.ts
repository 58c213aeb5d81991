// Who is signed in. Today that is whoever holds the server's token; nothing outside this folder knows so.

const KEY = "fathom.token";

export type Session = { state: "in" } | { state: "out"; why?: string };

let token = takeFromAddress() ?? sessionStorage.getItem(KEY) ?? undefined;
let session: Session = token ? { state: "in" } : { state: "out" };
const listeners = new Set<() => void>();

/** A token in the address's fragment is used once and then no longer stands in the address. */
function takeFromAddress(): string | undefined {
  const found = tokenInFragment(window.location.hash);
  if (found === undefined) return undefined;
  sessionStorage.setItem(KEY, found);
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return found;
}

/** The token in `#token=…`, where there is one that can be one. */
export function tokenInFragment(fragment: string): string | undefined {
  const value = new URLSearchParams(fragment.replace(/^#/, "")).get("token")?.trim();
  return value && canBeToken(value) ? value : undefined;
}

/** Whether a text can go into a header at all; the server alone says whether it is the right one. */
export function canBeToken(value: string): boolean {
  return value.length > 0 && value.length <= 512 && /^[\x21-\x7e]+$/.test(value);
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export const sessions = {
  get: (): Session => session,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Keeps the token for this tab. */
  signIn(value: string): void {
    token = value;
    sessionStorage.setItem(KEY, value);
    change({ state: "in" });
  },
  /** Forgets it; `why` is what the sign-in page says first. */
  signOut(why?: string): void {
    token = undefined;
    sessionStorage.removeItem(KEY);
    change({ state: "out", why });
  },
  /** What a request needs to be let in. */
  headers(): Record<string, string> {
    return token ? { authorization: `Bearer ${token}` } : {};
  },
};
