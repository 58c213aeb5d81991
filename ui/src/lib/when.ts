// The moment that a page shows, and the one it compares with: as the API takes them, and in words.
import { moment } from "./time";

const UNITS: Record<string, string> = { m: "minute", h: "hour", d: "day", w: "week" };

/** Whether the API may take it: a time, a day, `7d`, `scan:12`. It alone says what it means. */
export const canBeMoment = (text: string): boolean => /^(?:\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?|\d{1,5} ?[smhdw]|\d{1,5} [a-z]+ ago|scan:\d{1,12}|\d{1,12})$/i.test(text.trim());

/** `7d` as `7 days ago`, `scan:12` as `scan 12`, a time in the reader's own zone. */
export function momentWords(text: string): string {
  const trimmed = text.trim();
  const scan = /^(?:scan:)?(\d{1,12})$/i.exec(trimmed);
  if (scan) return `scan ${scan[1] ?? ""}`;
  const [, number, unit] = /^(\d{1,5}) ?([mhdw])$/i.exec(trimmed) ?? [];
  if (number && unit) return `${Number(number)} ${UNITS[unit.toLowerCase()] ?? unit}${Number(number) === 1 ? "" : "s"} ago`;
  if (/^\d{4}-\d{2}-\d{2}$/.test(trimmed)) return `the end of ${trimmed}`;
  if (/^\d{4}-\d{2}-\d{2}[T ]/.test(trimmed)) {
    const told = moment(trimmed);
    return told === "unknown" ? trimmed : told;
  }
  return trimmed;
}

/** What a field for local date and time holds, as the API takes it. */
export function fromLocal(text: string): string | undefined {
  const date = new Date(text);
  return text === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/\.\d+Z$/, "Z");
}
