// The grid as a list within a list: for a telephone, and for whoever has it read out.
import { useState } from "react";
import { counted, shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { Signs } from "./Cells";
import { type By, type Grid, type GridRow, heading, notAsked, rowAccount, rowName, says } from "./grid";
import styles from "./Grid.module.css";

interface Props { answer: Grid; by: By; open: (principal: string, cell: string) => void }

export function Twin({ answer, by, open }: Props) {
  return <ul className={styles.twin} aria-label="Who may do what to what">{answer.rows.map((row) => <One key={`${row.kind} ${row.principal}`} row={row} answer={answer} by={by} open={open} />)}</ul>;
}

function One({ row, answer, by, open }: Props & { row: GridRow }) {
  const [is, setIs] = useState(false);
  const some = answer.columns.map((column, step) => ({ column, marks: row.cells[step] ?? [] })).filter(({ column, marks }) => marks.length > 0 || column.not_asked > 0);
  return (
    <li>
      <details onToggle={(event) => setIs(event.currentTarget.open)}>
        <summary><span className={styles.who}><bdi title={shown(row.principal, 400)}>{rowName(row)}</bdi><span className="small muted">{row.kind === "root" ? "" : `${row.kind} of `}{shown(rowAccount(row), 20)} · something on {some.filter(({ marks }) => marks.length > 0).length} of {counted(answer.columns.length, "column")}</span></span></summary>
        {is && (some.length === 0 ? <p className="small muted">It may do nothing to what is in sight.</p> : (
          <ul>
            {some.map(({ column, marks }) => {
              const not = notAsked(column);
              return (
                <li key={column.key}>
                  <button type="button" onClick={() => open(row.principal, column.key)}>
                    <span className="row wrapped"><bdi className="wrap">{heading(column, by).name}</bdi><span className="row"><Signs cell={marks} /></span>{not && <Badge state="unknown">{not}</Badge>}</span>
                    <span className="small muted">{says(marks, by === "resource")}</span>
                  </button>
                </li>
              );
            })}
          </ul>
        ))}
      </details>
    </li>
  );
}
