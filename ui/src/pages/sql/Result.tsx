// The rows of an answer, with ways back to the resources that they name.
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Table } from "../../api/queries";
import { shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { type Column, DataTable } from "../../parts/DataTable";

type Row = { at: number; values: unknown[] };
const UIDS = new Set(["uid", "from_uid", "to_uid"]);

function Value({ value, name, kind }: { value: unknown; name: string; kind: string }) {
  if (value === null || value === undefined) return <span className="muted">null</span>;
  if (typeof value === "string") {
    if (UIDS.has(name)) return <Link to="/resource" search={{ uid: value }} className="link" title={shown(value, 400)}><bdi>{shown(value, 160)}</bdi></Link>;
    if (kind === "timestamp") return <time dateTime={value} title={value}>{moment(value)}</time>;
    return <bdi title={value.length > 40 ? shown(value, 600) : undefined}>{shown(value, 200)}</bdi>;
  }
  if (typeof value === "object") {
    const text = JSON.stringify(value);
    return <code title={shown(text, 600)}>{shown(text, 200)}</code>;
  }
  return <>{JSON.stringify(value)}</>;
}

/** A width that fits what stands in the first rows. */
function width(name: string, at: number, rows: unknown[][]): string {
  const longest = rows.slice(0, 50).reduce((most, row) => {
    const value = row[at];
    const text = value === null || value === undefined ? "null" : typeof value === "string" ? value : JSON.stringify(value);
    return Math.max(most, text.length);
  }, name.length + 1);
  const pixels = Math.round(Math.min(420, Math.max(70, longest * 7.4 + 22)));
  return longest > 20 ? `minmax(${pixels}px, 1fr)` : `${pixels}px`;
}

export function Result({ answer }: { answer: Table }) {
  const rows = useMemo<Row[]>(() => answer.rows.map((values, at) => ({ at, values })), [answer]);
  const columns = useMemo(() => answer.columns.map((column, at): Column<Row> => ({
    id: `${at}`, header: () => <span title={column.kind}>{shown(column.name, 80)}</span>,
    cell: ({ row }) => <Value value={row.original.values[at]} name={column.name} kind={column.kind} />,
    meta: { width: width(column.name, at, answer.rows), number: column.kind === "integer" || column.kind === "number" },
  })), [answer]);
  return <div style={{ display: "flex", height: `min(${rows.length * 32 + 64}px, max(320px, 56vh))` }}><DataTable label="Answer" columns={columns} rows={rows} keyOf={(row) => String(row.at)} /></div>;
}
