// Which answers can be drawn: values over time as lines, values by name as bars.
import type { Table } from "../../api/queries";

/** `more` rows are not drawn: beyond what fits, or without a moment or a figure. */
export type Plot =
  | { form: "lines"; at: number[]; lines: { label: string; values: (number | null)[] }[]; more: number }
  | { form: "bars"; name: string; value: string; bars: { name: string; value: number }[]; more: number };

const NUMBERS = new Set(["integer", "number"]);
const BARS_MAX = 60;
const LINES_MAX = 4;

export function drawable(answer: Table): Plot | undefined {
  const { columns, rows } = answer;
  const numbers = columns.flatMap((column, at) => (NUMBERS.has(column.kind) ? [at] : []));
  if (numbers.length === 0 || rows.length < 2) return undefined;
  const time = columns.findIndex((column) => column.kind === "timestamp");
  if (time >= 0) {
    const points = rows.flatMap((row) => {
      const at = Date.parse(String(row[time])) / 1000;
      return Number.isFinite(at) ? [{ at, row }] : [];
    }).sort((a, b) => a.at - b.at);
    if (points.length < 2) return undefined;
    const lines = numbers.slice(0, LINES_MAX).map((index) => ({ label: columns[index]?.name ?? "", values: points.map(({ row }) => (typeof row[index] === "number" ? row[index] : null)) }));
    return { form: "lines", at: points.map((point) => point.at), lines, more: rows.length - points.length };
  }
  const text = columns.findIndex((column) => column.kind === "text" || column.kind === "boolean");
  const [first] = numbers;
  if (text < 0 || first === undefined) return undefined;
  const bars = rows.slice(0, BARS_MAX).flatMap((row) => (typeof row[first] === "number" && row[first] >= 0 ? [{ name: typeof row[text] === "string" ? row[text] : JSON.stringify(row[text] ?? null), value: row[first] }] : []));
  if (bars.length < 2) return undefined;
  return { form: "bars", name: columns[text]?.name ?? "", value: columns[first]?.name ?? "", bars, more: rows.length - bars.length };
}
