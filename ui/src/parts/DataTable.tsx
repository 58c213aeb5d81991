// A long table: only the rows in sight are drawn, and of a list by pages only what is near them is kept.
import { type ColumnDef, type RowData, tableFeatures, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type CSSProperties, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Pager } from "../lib/pager";
import { count } from "../lib/text";
import { typing } from "../shell/Shell";
import styles from "./DataTable.module.css";
import { Wrong } from "./states";

const features = tableFeatures({});
export type Column<T extends RowData> = ColumnDef<typeof features, T> & { id: string; meta?: { width?: string; number?: boolean; order?: string; name?: string } };

interface Props<T extends RowData> {
  label: string;
  columns: Column<T>[];
  /** All rows, or the list that brings them page by page. */
  rows?: T[];
  pages?: Pager<T>;
  /** How many there are on all pages. */
  total?: number;
  keyOf: (row: T) => string;
  open?: (row: T) => void;
  /** Chooses a row, by the key `x`. */
  mark?: (row: T) => void;
  order?: { by: string; descending: boolean; set: (by: string, descending: boolean) => void };
  empty?: ReactNode;
  height?: number;
  /** Whether the rows answer another question than the one that was asked. */
  busy?: boolean;
  /** Another one means another list, which begins at its first row. */
  listKey?: string;
}

const ROW_PX = 32;
/** Browsers draw nothing below some 17 million pixels: longer lists move through a window of so many rows. */
const WINDOW_ROWS = 400_000;
/** Rows before its edge at which the window moves. */
const NEAR_EDGE = 60;

export function DataTable<T extends RowData>({ label, columns, rows, pages, total, keyOf, open, mark, order, empty, height = ROW_PX, busy = false, listKey }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const [base, setBase] = useState(0);
  const moving = useRef(false);
  const [settled, setSettled] = useState(0);
  const length = rows ? rows.length : !pages ? 0 : pages.ended ? pages.reach : Math.max(pages.reach, total ?? 0);
  const inWindow = Math.min(WINDOW_ROWS, Math.max(0, length - base));
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing is compiled here
  const virtual = useVirtualizer({ count: inWindow, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 });
  const items = virtual.getVirtualItems();
  const [first, last] = [base + (items[0]?.index ?? 0), base + (items.at(-1)?.index ?? -1)];
  const version = pages?.version();

  // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` tells that a page came
  const data = useMemo(() => Array.from({ length: last - first + 1 }, (_, step) => (rows ? rows[first + step] : pages?.get(first + step))), [rows, pages, version, first, last]);
  const present = useMemo(() => data.filter((row): row is T & NonNullable<unknown> => row !== undefined), [data]);
  const table = useTable({ features, columns, data: present, getRowId: keyOf });
  const drawn = table.getRowModel().rows;

  useEffect(() => {
    if (last >= first) pages?.want(first, last);
  }, [pages, first, last]);
  const [shownKey, setShownKey] = useState(listKey);
  if (listKey !== shownKey) {
    setShownKey(listKey);
    setAt(-1);
    setBase(0);
  }
  useEffect(() => { if (scroller.current) scroller.current.scrollTop = 0; }, [listKey]);
  // The same list may have become shorter.
  const [shownList, setShownList] = useState(pages);
  if (pages !== shownList) {
    setShownList(pages);
    if (pages && length < base) setBase(0);
  }

  // The window moves on with whoever comes near its edge; rows stay where they are on the screen.
  useEffect(() => {
    const element = scroller.current;
    if (!element || moving.current) return;
    const step = last > base + inWindow - NEAR_EDGE && base + inWindow < length ? Math.min(WINDOW_ROWS / 2, length - base - inWindow) : first < base + NEAR_EDGE && base > 0 ? -Math.min(WINDOW_ROWS / 2, base) : 0;
    if (step === 0) return;
    // Until the rows are drawn at their new place, what is in sight says nothing.
    moving.current = true;
    setBase(base + step);
    requestAnimationFrame(() => {
      element.scrollTop -= step * height;
      requestAnimationFrame(() => { moving.current = false; setSettled((was) => was + 1); });
    });
  }, [first, last, base, inWindow, length, height, settled]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      const row = rows ? rows[at] : pages?.get(at);
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      const here = !target || target === document.body || target.id === "main" || (scroller.current?.contains(target) ?? false);
      if (step) {
        event.preventDefault();
        const next = Math.max(0, Math.min(length - 1, at + step));
        setAt(next);
        virtual.scrollToIndex(next - base);
        // The focus goes along, so that the row is read out.
        requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus({ preventScroll: true })));
      } else if (event.key === "x" && row !== undefined && mark) {
        event.preventDefault();
        mark(row);
      } else if ((event.key === "o" || (event.key === "Enter" && here)) && row !== undefined && open) {
        if (event.key === "Enter" && (target instanceof HTMLAnchorElement || target instanceof HTMLButtonElement)) return;
        event.preventDefault();
        open(row);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [at, base, length, rows, pages, open, mark, virtual]);

  const widths = columns.map((column) => column.meta?.width ?? "minmax(90px, 1fr)").join(" ");
  const top = items[0]?.start ?? 0;
  let drawnAt = 0;
  return (
    <div className={styles.frame}>
      <div ref={scroller} className={styles.scroller} tabIndex={0} role="region" aria-label={`${label}, scrolls`}>
        <div role="table" aria-label={label} aria-busy={busy || undefined} aria-rowcount={(total ?? length) + 1} className={`${styles.table} ${busy ? styles.before : ""}`} style={{ "--columns": widths } as CSSProperties}>
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
              {items.map((item, step) => {
                const index = base + item.index;
                const row = data[step] === undefined ? undefined : drawn[drawnAt++];
                if (!row)
                  return (
                    <div role="row" key={`waiting ${index}`} aria-rowindex={index + 2} aria-busy className={`${styles.row} ${styles.line}`} style={{ height }}>
                      {columns.map((column, place) => <div role="cell" key={column.id}>{place === 0 ? <span className={styles.waiting} /> : null}</div>)}
                    </div>
                  );
                return (
                  // The keys j, k, x, o and Enter do what the pointer does.
                  // eslint-disable-next-line jsx-a11y/click-events-have-key-events
                  <div
                    role="row" key={row.id} aria-rowindex={index + 2} data-at={index} aria-selected={index === at || undefined} tabIndex={-1}
                    className={`${styles.row} ${styles.line} ${index === at ? styles.at : ""}`} style={{ height }} onClick={() => setAt(index)} onDoubleClick={() => open?.(row.original)}
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
        {length === 0 && empty}
      </div>
      {pages?.error ? <Wrong error={pages.error} again={pages.again} once /> : null}
      <p className={styles.foot} aria-live="polite">{busy ? "Asking…" : foot(length, pages, total, data.includes(undefined))}</p>
    </div>
  );
}

function foot(length: number, pages: { reach: number; ended: boolean; loading: boolean } | undefined, total: number | undefined, gap: boolean): string {
  const all = `${count(length)} ${length === 1 ? "row" : "rows"}`;
  if (!pages || pages.ended) return pages?.loading ? `${all}, fetching what is in sight…` : all;
  const of = total === undefined ? `${count(pages.reach)} shown` : `${count(pages.reach)} of ${count(total)}`;
  return pages.loading && gap ? `${of} fetched, on the way to what is in sight…` : `${of} fetched`;
}
