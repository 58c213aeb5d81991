// A long table: only the rows in sight are drawn, and the next page is fetched before the last one is reached.
import { type ColumnDef, type RowData, tableFeatures, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { count } from "../lib/text";
import { typing } from "../shell/Shell";
import styles from "./DataTable.module.css";

const features = tableFeatures({});
export type Column<T extends RowData> = ColumnDef<typeof features, T> & { id: string; meta?: { width?: string; number?: boolean; order?: string } };

interface Props<T extends RowData> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  /** How many there are on all pages. */
  total?: number;
  keyOf: (row: T) => string;
  open?: (row: T) => void;
  more?: () => void;
  loading?: boolean;
  order?: { by: string; descending: boolean; set: (by: string, descending: boolean) => void };
  empty?: ReactNode;
  /** What to show below a chosen row. */
  height?: number;
}

const ROW_PX = 32;

export function DataTable<T extends RowData>({ label, columns, rows, total, keyOf, open, more, loading, order, empty, height = ROW_PX }: Props<T>) {
  const table = useTable({ features, columns, data: rows, getRowId: keyOf });
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const body = table.getRowModel().rows;
  const virtual = useVirtualizer({ count: body.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;

  useEffect(() => {
    if (more && !loading && body.length > 0 && last >= body.length - 30) more();
  }, [last, body.length, more, loading]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      const row = body[at]?.original;
      if (step) {
        event.preventDefault();
        const next = Math.max(0, Math.min(body.length - 1, at + step));
        setAt(next);
        virtual.scrollToIndex(next);
      } else if ((event.key === "o" || (event.key === "Enter" && (event.target === document.body || scroller.current?.contains(event.target as Node) || (event.target as HTMLElement).id === "main"))) && row && open) {
        if (event.key === "Enter" && event.target instanceof HTMLAnchorElement) return;
        event.preventDefault();
        open(row);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [at, body, open, virtual]);

  const widths = columns.map((column) => column.meta?.width ?? "minmax(90px, 1fr)").join(" ");
  const top = items[0]?.start ?? 0;
  return (
    <div className={styles.frame}>
      <div ref={scroller} className={styles.scroller} tabIndex={0} role="region" aria-label={`${label}, scrolls`}>
        <div role="table" aria-label={label} aria-rowcount={(total ?? body.length) + 1} className={styles.table} style={{ "--columns": widths } as React.CSSProperties}>
          <div role="rowgroup" className={styles.head}>
            {table.getHeaderGroups().map((group) => (
              <div role="row" key={group.id} className={styles.row} aria-rowindex={1}>
                {group.headers.map((header) => {
                  const meta = (header.column.columnDef as Column<T>).meta;
                  const by = meta?.order;
                  const on = by !== undefined && order?.by === by;
                  return (
                    <div role="columnheader" key={header.id} className={meta?.number ? "number" : ""} aria-sort={on ? (order.descending ? "descending" : "ascending") : undefined}>
                      {by && order ? (
                        <button type="button" onClick={() => order.set(by, on ? !order.descending : false)}>
                          <table.FlexRender header={header} />
                          {on && (order.descending ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />)}
                        </button>
                      ) : <table.FlexRender header={header} />}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
          <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            <div style={{ transform: `translateY(${top}px)` }}>
              {items.map((item) => {
                const row = body[item.index];
                if (!row) return null;
                return (
                  <div
                    role="row" key={row.id} aria-rowindex={item.index + 2} data-at={item.index} aria-selected={item.index === at || undefined}
                    className={`${styles.row} ${styles.line} ${item.index === at ? styles.at : ""}`} style={{ height }} onClick={() => setAt(item.index)} onDoubleClick={() => open?.(row.original)}
                  >
                    {row.getAllCells().map((cell) => (
                      <div role="cell" key={cell.id} className={(cell.column.columnDef as Column<T>).meta?.number ? "number" : ""}><table.FlexRender cell={cell} /></div>
                    ))}
                  </div>
                );
              })}
            </div>
          </div>
        </div>
        {body.length === 0 && !loading && empty}
      </div>
      <p className={styles.foot} aria-live="polite">
        {loading ? `${count(body.length)} shown, fetching more…` : total !== undefined && total > body.length ? `${count(body.length)} of ${count(total)} fetched` : `${count(body.length)} ${body.length === 1 ? "row" : "rows"}`}
      </p>
    </div>
  );
}
