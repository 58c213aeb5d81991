// Whether a person is at work here. What the page asks by itself must not keep a session alive that nobody uses.

/** A request so long after the last key or click is taken for one that the page made by itself. */
const ATTENTION_MS = 10_000;

// Opening the page was an act of somebody.
let last = Date.now();
const listeners = new Set<() => void>();

function act(event: Event): void {
  // What a script pretends does not count.
  if (!event.isTrusted) return;
  last = Date.now();
  for (const listener of listeners) listener();
}

// Not the pointer's moves: a table that shakes is not a person at work.
for (const name of ["keydown", "pointerdown", "wheel", "touchmove"] as const)
  window.addEventListener(name, act, { capture: true, passive: true });

export const activity = {
  /** Whether what is asked now is asked for somebody who is there. */
  present: (now = Date.now()): boolean => now - last < ATTENTION_MS,
  /** Calls back at each key, click and scroll. */
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
