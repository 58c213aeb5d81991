// The cells, moved through with the arrows; Enter opens one.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { count, counted, shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { beside, type By, COLUMNS, type Grid, heading, LETTERS, type Mark, move, notAsked, type Place, ROWS, rowAccount, rowName, says, signs } from "./grid";
import styles from "./Grid.module.css";

interface Props { answer: Grid; by: By; busy: boolean; begin: Place; chosen?: { principal: string; cell: string }; open: (principal: string, cell: string) => void; turn: (next: { row?: number; column?: number }) => void }

/** What a cell shows: one sign for each kind of access. */
export function Signs({ cell }: { cell: readonly Mark[] }) {
  return <>{signs(cell).map(({ access, decision, also }) => <span key={access} aria-hidden className={styles.sign} data-decision={decision} data-also={also}>{LETTERS[access]}</span>)}</>;
}

export function Cells({ answer, by, busy, begin, chosen, open, turn }: Props) {
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const frame = useRef<HTMLDivElement>(null);
  /** Where the focus goes when the part that was asked for is there. */
  const going = useRef<Place>(undefined);
  const { rows, columns } = answer;
  const size = { rows: rows.length, columns: columns.length };
  const place = { row: Math.min(at.row, size.rows - 1), column: Math.min(at.column, size.columns - 1) };
  const focus = ({ row, column }: Place) => frame.current?.querySelector<HTMLElement>(`[data-at="${row} ${column}"]`)?.focus();
  useEffect(() => {
    if (busy || !going.current) return;
    const next = { row: Math.min(going.current.row, answer.rows.length - 1), column: Math.min(going.current.column, answer.columns.length - 1) };
    going.current = undefined;
    setAt(next);
    requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-at="${next.row} ${next.column}"]`)?.focus());
  }, [busy, answer]);

  // Whoever closes a cell is back at it.
  const was = useRef(chosen !== undefined);
  useEffect(() => {
    if (was.current && !chosen) frame.current?.querySelector<HTMLElement>("td[tabindex='0']")?.focus();
    was.current = chosen !== undefined;
  }, [chosen]);

  function press(event: KeyboardEvent) {
    if (event.altKey || event.metaKey) return;
    const [row, column] = [rows[place.row], columns[place.column]];
    if ((event.key === "Enter" || event.key === " ") && row && column) {
      event.preventDefault();
      open(row.principal, column.key);
      return;
    }
    const next = move(place, event.key, event.ctrlKey, size);
    if (!next) return;
    event.preventDefault();
    if (!("over" in next)) {
      setAt(next);
      focus(next);
      return;
    }
    const down = next.over === "down" || next.over === "up";
    const way = next.over === "down" || next.over === "right" ? 1 : -1;
    const to = down ? beside(begin.row, ROWS, answer.rows_total, way) : beside(begin.column, COLUMNS, answer.columns_total, way);
    if (to === undefined) return;
    going.current = down ? { row: way === 1 ? 0 : ROWS - 1, column: place.column } : { row: place.row, column: way === 1 ? 0 : COLUMNS - 1 };
    turn(down ? { row: to || undefined } : { column: to || undefined });
  }

  return (
    <div ref={frame} className={styles.frame} data-busy={busy || undefined}>
      {/* A table whose cells take the focus one at a time is a grid. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role */}
      <table role="grid" aria-label="Who may do what to what" aria-busy={busy || undefined} aria-readonly aria-rowcount={answer.rows_total + 1} aria-colcount={answer.columns_total + 1} className={styles.grid} onKeyDown={press}>
        <thead>
          <tr aria-rowindex={1}>
            <th role="columnheader" scope="col" aria-colindex={1}><span className="small muted">Who</span></th>
            {columns.map((column, step) => {
              const { name, beside: more } = heading(column, by);
              const not = notAsked(column);
              return (
                <th key={column.key} role="columnheader" scope="col" aria-colindex={begin.column + step + 2} title={shown(column.key, 400)}>
                  <span className={styles.head}><bdi>{name}</bdi><span className="muted">{more}</span>{not && <span><Badge state="unknown" title={column.not_asked > 0 ? `${count(column.not_asked)} of ${counted(column.resources, "resource")} were not asked about, since that takes too long: choose fewer` : "The catalogue knows no action on these"}>{not}</Badge></span>}</span>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={`${row.kind} ${row.principal}`} aria-rowindex={begin.row + line + 2}>
              <th role="rowheader" scope="row" aria-colindex={1} title={shown(row.principal, 400)}><span className={styles.who}><bdi>{rowName(row)}</bdi><span className="small muted">{row.kind === "root" ? "" : `${row.kind} of `}{shown(rowAccount(row), 20)}</span></span></th>
              {columns.map((column, step) => {
                const marks = row.cells[step] ?? [];
                const is = chosen !== undefined && chosen.principal === row.principal && chosen.cell === column.key;
                const current = line === place.row && step === place.column;
                const label = `${rowName(row)}, ${heading(column, by).name}: ${says(marks, by === "resource")}${column.not_asked > 0 ? `; ${counted(column.not_asked, "resource")} not asked about` : ""}`;
                return (
                  // The keys of the grid open it too.
                  <td
                    key={column.key} role="gridcell" aria-colindex={begin.column + step + 2} aria-selected={is} title={label} data-at={`${line} ${step}`} tabIndex={current ? 0 : -1}
                    onFocus={() => { if (!current) setAt({ row: line, column: step }); }} onClick={() => open(row.principal, column.key)}
                  >
                    <span className="hidden">{label}</span>
                    {marks.length > 0 ? <span className={styles.cell}><Signs cell={marks} /></span> : <span className={styles.void} aria-hidden>·</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
