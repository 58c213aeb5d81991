// The grid of who may do what to what: what a cell says, and how the keys move through it.
import type { Schemas } from "../../api/client";
import { count, counted, kind as kindOf, shown } from "../../lib/text";
import { ACCESS, type Access, short } from "./words";

export type Grid = Schemas["MatrixAnswer"];
export type Column = Schemas["MatrixColumn"];
export type GridRow = Schemas["MatrixRow"];
export type Mark = Schemas["MatrixMark"];
/** What a column is. */
export type By = "type" | "account" | "resource";

export const ROWS = 50;
export const COLUMNS = 12;

export const BY: readonly (readonly [By, string])[] = [["account", "Accounts"], ["type", "Types"], ["resource", "Resources"]];

export const LETTERS: Record<Access, string> = { admin: "A", write: "W", data: "D", tagging: "T", read: "R", list: "L" };
const WORDS: Record<Mark["decision"], string> = { allowed: "yes", only_if: "only if", unknown: "not known" };

export interface Sign { access: Access; decision: Mark["decision"];
  /** Whether some of it is less sure: only if, or not known. */
  also?: "only_if" | "unknown" }

const ORDER: readonly Mark["decision"][] = ["allowed", "only_if", "unknown"];

/** One sign for each kind of access that is there, what weighs most first. What is not known is never hidden behind what is sure. */
export function signs(cell: readonly Mark[]): Sign[] {
  return ACCESS.flatMap(([access]) => {
    const found = ORDER.filter((decision) => cell.some((mark) => mark.access === access && mark.decision === decision));
    const [decision, ...others] = found;
    if (!decision) return [];
    const also = others.at(-1);
    return [{ access, decision, ...(also && also !== "allowed" ? { also } : {}) }];
  });
}

/** A cell as a sentence's part. `one` where the column is one resource. */
export function says(cell: readonly Mark[], one: boolean): string {
  const words = ACCESS.flatMap(([access]) =>
    ORDER.flatMap((decision) => cell.filter((mark) => mark.access === access && mark.decision === decision).map((mark) => `${access} ${WORDS[decision]}, ${counted(mark.actions, "action")}${one ? "" : ` on ${counted(mark.resources, "resource")}`}`)));
  return words.length ? words.join("; ") : "nothing";
}

/** What a column is called, and what stands beside that. */
export function heading(column: Column, by: By): { name: string; beside: string } {
  if (by === "type") return { name: kindOf(column.key), beside: counted(column.resources, "resource") };
  if (by === "account") return { name: column.key === "" ? "no account" : shown(column.key, 40), beside: counted(column.resources, "resource") };
  return { name: shown(column.key.split(":").slice(5).join(":") || column.key, 120), beside: `${kindOf(column.resource_type ?? "")} · ${shown(column.account ?? "", 20)}` };
}

/** What is not known of a column as a whole; nothing where all of it was asked. */
export function notAsked({ resources, not_asked, without_actions }: Column): string | undefined {
  if (not_asked > 0) return not_asked === resources ? "not asked" : `${count(not_asked)} not asked`;
  if (without_actions === resources && resources > 0) return "no action";
  return undefined;
}

/** Who a row is, shortly. */
export const rowName = ({ kind, principal }: Pick<GridRow, "kind" | "principal">): string => (kind === "root" ? "root user" : short(principal));
export const rowAccount = ({ kind, principal }: Pick<GridRow, "kind" | "principal">): string => (kind === "root" ? principal : (principal.split(":")[4] ?? ""));

export interface Place { row: number; column: number }
export interface Size { rows: number; columns: number }
/** Where a key leads: to a cell of this part, or over its edge to the part beside it. */
export type Move = Place | { over: "up" | "down" | "left" | "right" };

const PAGE = 10;

export function move({ row, column }: Place, key: string, control: boolean, { rows, columns }: Size): Move | undefined {
  const last = { row: rows - 1, column: columns - 1 };
  switch (key) {
    case "ArrowDown": return row < last.row ? { row: row + 1, column } : { over: "down" };
    case "ArrowUp": return row > 0 ? { row: row - 1, column } : { over: "up" };
    case "ArrowRight": return column < last.column ? { row, column: column + 1 } : { over: "right" };
    case "ArrowLeft": return column > 0 ? { row, column: column - 1 } : { over: "left" };
    case "PageDown": return { row: Math.min(last.row, row + PAGE), column };
    case "PageUp": return { row: Math.max(0, row - PAGE), column };
    case "Home": return control ? { row: 0, column: 0 } : { row, column: 0 };
    case "End": return control ? last : { row, column: last.column };
    default: return undefined;
  }
}

/** Where the part begins that an edge leads to; nothing where there is none. */
export function beside(begin: number, step: number, total: number, way: 1 | -1): number | undefined {
  const next = begin + way * step;
  return way === 1 ? (next < total ? next : undefined) : begin > 0 ? Math.max(0, next) : undefined;
}
