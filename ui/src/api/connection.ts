// Whether the server answers, and how long we have been waiting.

/** A request older than this is said to be slow. */
const SLOW_MS = 4_000;
/** How often a server that is gone is asked, from the first try to the last. */
const TRIES_MS = [1_000, 2_000, 3_000, 5_000];

export type Connection = { state: "well" } | { state: "slow"; since: number } | { state: "gone"; since: number };

let state: Connection = { state: "well" };
const listeners = new Set<() => void>();
const waiting = new Map<number, number>();
const returns = new Set<() => void>();
let next = 0;
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let watch: ReturnType<typeof setInterval> | undefined;

function change(value: Connection): void {
  if (value.state === state.state) return;
  state = value;
  for (const listener of listeners) listener();
}

function look(): void {
  if (state.state === "gone") return;
  const oldest = Math.min(...waiting.values());
  change(Date.now() - oldest > SLOW_MS ? { state: "slow", since: oldest } : { state: "well" });
  if (waiting.size === 0) {
    clearInterval(watch);
    watch = undefined;
  }
}

async function knock(): Promise<void> {
  try {
    const response = await fetch("/api/v1/health", { cache: "no-store", signal: AbortSignal.timeout(4_000) });
    if (response.ok && response.headers.get("content-type")?.includes("json")) {
      connection.answered();
      return;
    }
  } catch {
    // Still gone: the next try follows.
  }
  schedule();
}

function schedule(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void knock(), TRIES_MS[Math.min(tries++, TRIES_MS.length - 1)]);
}

export const connection = {
  get: (): Connection => state,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Calls back when a server that was gone answers again. */
  onReturn(listener: () => void): () => void {
    returns.add(listener);
    return () => returns.delete(listener);
  },
  /** A request is under way; call the result when it has ended. */
  begun(): () => void {
    const id = next++;
    waiting.set(id, Date.now());
    watch ??= setInterval(look, 500);
    return () => {
      waiting.delete(id);
      look();
    };
  },
  answered(): void {
    if (state.state !== "gone") return;
    clearTimeout(timer);
    tries = 0;
    change({ state: "well" });
    for (const listener of returns) listener();
  },
  lost(): void {
    if (state.state === "gone") return;
    change({ state: "gone", since: Date.now() });
    schedule();
  },
};
