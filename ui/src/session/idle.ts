// When a session that ends is warned of, and how that is said.
import { counted } from "../lib/text";

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

/** The clocks of two machines, and the way between them. */
const SLACK_MS = 2_000;

/** Why a session that was not left is over, by what was known of its end. Moments in milliseconds. */
export function ending(times: { idle: number; end: number }, idleSeconds: number | null, now: number): string {
  if (now >= times.end - SLACK_MS) return "Your session reached the longest time that one lasts. Sign in to go on.";
  if (now >= times.idle - SLACK_MS) return `Your session ended after ${idleSeconds === null ? "some time" : counted(Math.max(1, Math.round(idleSeconds / 60)), "minute")} without use.`;
  return "Your session was ended before its time: by you elsewhere, by an administrator, or with the server's data.";
}
