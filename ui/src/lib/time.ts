// Moments and spans, in words and in the reader's own zone.

const STEPS: [number, string][] = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"], [4.35, "week"], [12, "month"], [Infinity, "year"]];

/** How long ago, in the largest unit that fits: `5 minutes ago`, `just now`. */
export function ago(at: string | Date, now: Date): string {
  const seconds = (now.getTime() - new Date(at).getTime()) / 1000;
  if (!Number.isFinite(seconds)) return "at an unknown time";
  if (Math.abs(seconds) < 10) return "just now";
  let value = Math.abs(seconds);
  for (const [size, unit] of STEPS) {
    if (value < size) {
      const whole = Math.floor(value);
      const text = `${whole} ${unit}${whole === 1 ? "" : "s"}`;
      return seconds < 0 ? `in ${text}` : `${text} ago`;
    }
    value /= size;
  }
  return "long ago";
}

/** `22 Nov 2026, 04:00:41` in the zone of whoever reads. */
export function moment(at: string | Date): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "unknown";
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(date);
}

/** `2.6 s`, `4 min 10 s`, `3 h 2 min`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
