// The effective access of everybody as a grid; only the part in sight is asked for. A cell opens its actions, each a door to its proof.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef } from "react";
import { get } from "../../api/client";
import { count, counted } from "../../lib/text";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useNarrow } from "../../parts/useNarrow";
import { Missing } from "./Answers";
import { Cells } from "./Cells";
import { CellOpened } from "./CellOpened";
import { beside, COLUMNS, type Grid as Answer, ROWS } from "./grid";
import { Filters, Legend, type Narrowed } from "./GridFilters";
import styles from "./Grid.module.css";
import { AsOf, Gaps } from "./parts";
import shared from "./Permissions.module.css";
import { Twin } from "./Twin";

export function Grid() {
  const search = useSearch({ from: "/permissions" });
  const { by = "account", account, principal_kind, who, type, owner, on, access, row = 0, column = 0, principal, cell, as } = search;
  const navigate = useNavigate({ from: "/permissions" });
  const narrow = useNarrow();
  const filter: Narrowed = { by, account, principal_kind, who, type, owner, on, access };
  const query = { by, account, principal_kind, who, resource_type: type, resource_account: owner, on, kind: access, row, rows: ROWS, column, columns: COLUMNS };
  const asked = useQuery({ queryKey: ["permissions", "matrix", query], placeholderData: keepPreviousData, queryFn: ({ signal }) => get("/api/v1/permissions/matrix", query, { signal }) });
  const set = (next: object) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false });
  // Another grid begins at its first cell.
  const narrowTo = (next: Partial<Narrowed>) => set({ ...next, row: undefined, column: undefined, cell: undefined, principal: undefined });
  const open = (who: string, key: string) => set({ principal: who, cell: key });
  const panel = useRef<HTMLElement>(null);
  const opened = principal !== undefined && cell !== undefined;
  useEffect(() => { if (opened) panel.current?.focus({ preventScroll: false }); }, [opened, principal, cell]);
  useEffect(() => {
    if (!opened) return;
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open], [popover]:popover-open")) void navigate({ search: (was) => ({ ...was, principal: undefined, cell: undefined }), replace: true, resetScroll: false });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [opened, navigate]);
  const answer = asked.data;
  const view = as ?? (narrow ? "list" : "grid");
  return (
    <>
      <Filters filter={filter} set={narrowTo} />
      <section className={shared.answer} aria-label="Answer">
        <div className="row spread wrapped"><h2>Who may do what to what?</h2><Tabs label="Show as" value={view} options={[["grid", "grid"], ["list", "list"]]} onChange={(next) => set({ as: next === "list" || narrow ? next : undefined })} /></div>
        {!answer ? <Missing of={asked} label="Asking everyone about everything in sight" /> : (
          <>
            {asked.error && <Missing of={asked} label="" />}
            <p className="wrap"><strong>{counted(answer.rows_total, "user, role or root user", "users, roles and root users")}</strong> against {counted(answer.resources_total, "resource")}{by !== "resource" && <> of {by === "type" ? counted(answer.columns_total, "type") : counted(answer.columns_total, "account")}</>}. <AsOf of={answer.as_of} /></p>
            {answer.rows_total === 0 || answer.columns_total === 0 ? <Empty title={answer.rows_total === 0 ? "Nobody" : "Nothing"}><p>{answer.rows_total === 0 ? "Nobody who was scanned" : "Nothing that was scanned"} fits what is chosen above. Take some of it away.</p></Empty> : (
              <>
                <Turn answer={answer} row={row} column={column} set={set} />
                {view === "grid" ? <Cells answer={answer} by={by} busy={asked.isPlaceholderData} begin={{ row, column }} chosen={opened ? { principal, cell } : undefined} open={open} turn={(next) => set({ ...next, cell: undefined, principal: undefined })} />
                  : <Twin answer={answer} by={by} open={open} />}
              </>
            )}
            {opened && <section ref={panel} tabIndex={-1} className={styles.opened} aria-label="What the cell stands for"><CellOpened principal={principal} cell={cell} filter={filter} close={() => { set({ principal: undefined, cell: undefined }); }} /></section>}
            <Gaps gaps={[...answer.gaps, ...answer.columns.flatMap((each) => each.gaps)]} />
            <p className="small muted wrap">Actions without a resource, such as listing all users, and those who come from outside are not in the grid: “Ask” tells both. What the key of encrypted data says is told where a cell is opened.</p>
          </>
        )}
      </section>
    </>
  );
}

/** Which part of the grid is in sight, and the ways to those beside it. */
function Turn({ answer, row, column, set }: { answer: Answer; row: number; column: number; set: (next: { row?: number; column?: number }) => void }) {
  const sides = [
    { name: "rows", what: "row", begin: row, many: answer.rows.length, step: ROWS, total: answer.rows_total },
    { name: "columns", what: "column", begin: column, many: answer.columns.length, step: COLUMNS, total: answer.columns_total },
  ] as const;
  return (
    <div className={styles.turn}>
      <div className={styles.sides}>{sides.map(({ name, what, begin, many, step, total }) => {
        const [back, on] = [beside(begin, step, total, -1), beside(begin, step, total, 1)];
        return (
          <span key={name}>
            <button type="button" className="button plain" aria-label={`${name} before these`} disabled={back === undefined} onClick={() => set({ [what]: back || undefined })}><ChevronLeft aria-hidden /></button>
            {name} {many === 0 ? "none" : `${count(begin + 1)}–${count(begin + many)}`} of {count(total)}
            <button type="button" className="button plain" aria-label={`${name} after these`} disabled={on === undefined} onClick={() => set({ [what]: on })}><ChevronRight aria-hidden /></button>
          </span>
        );
      })}</div>
      <Legend />
    </div>
  );
}
