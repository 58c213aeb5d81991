// When a session that ends is warned of, and how that is said.

/** So long before the end it is said. */
const WARN_MS = 120_000;
/** A session whose limit is short is warned of for this part of it. */
const WARN_PART = 0.4;

/** How long before its end a session is warned of, by how long it lasts without use. */
export const lead = (limitMs: number): number => Math.min(WARN_MS, limitMs * WARN_PART);

/** `1:59` */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
