// A field that finds a resource while somebody types.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useState } from "react";
import * as ask from "../api/queries";
import { useDelayed } from "../lib/delayed";
import { kind, shown } from "../lib/text";
import { KindIcon, label } from "./Name";
import styles from "./PickResource.module.css";
import { useAt } from "./time";

/** Fetched to choose the best of, and shown of these. */
const FETCHED = 100;
const SHOWN = 8;

/** Those first that are called just so, then those that begin so, then the shorter names. */
function best<T extends Picked>(rows: T[], search: string): T[] {
  const wanted = search.toLowerCase();
  const place = (row: T) => {
    const name = label(row).toLowerCase();
    return name === wanted || row.uid.toLowerCase() === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(wanted) ? 2 : 3;
  };
  return rows.map((row) => ({ row, at: place(row) })).sort((a, b) => a.at - b.at || label(a.row).length - label(b.row).length).slice(0, SHOWN).map(({ row }) => row);
}

interface Picked { uid: string; type: string; name?: string | null }
interface Props { label: string; value?: Picked; onPick: (resource: Picked) => void; first?: boolean }

export function PickResource({ label: title, value, onPick, first }: Props) {
  const [text, setText] = useState<string>();
  const [at, setAt] = useState(0);
  const id = useId();
  const moment = useAt();
  const search = useDelayed((text ?? "").trim(), 150);
  const found = useQuery({ queryKey: ["pick", search, moment], enabled: search.length > 1, placeholderData: keepPreviousData, staleTime: 10_000, queryFn: ({ signal }) => ask.resources({ search, limit: FETCHED, ...moment }, signal) });
  const rows = text !== undefined && search.length > 1 ? best(found.data?.resources ?? [], search) : [];
  // What is shown while somebody types on answers the text before.
  const current = search === (text ?? "").trim() && !found.isPlaceholderData;
  const pick = (row: Picked | undefined) => {
    if (!row) return;
    setText(undefined);
    setAt(0);
    onPick(row);
  };
  function press(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((was) => (was + (event.key === "ArrowDown" ? 1 : rows.length - 1)) % Math.max(1, rows.length));
    } else if (event.key === "Enter" && rows.length > 0) {
      event.preventDefault();
      if (current) pick(rows[at]);
    } else if (event.key === "Escape") setText(undefined);
  }
  return (
    <div className={styles.place}>
      <label className="small" htmlFor={id}>{title}</label>
      <input
        id={id} className="input" role="combobox" aria-expanded={rows.length > 0} aria-controls={`${id}-found`} aria-autocomplete="list" aria-activedescendant={rows.length > 0 ? `${id}-${at}` : undefined} autoComplete="off" spellCheck={false}
        data-first={first || undefined} placeholder="name, id or uid" value={text ?? (value ? label(value) : "")} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={press} onBlur={() => setTimeout(() => setText(undefined), 150)}
      />
      <ul id={`${id}-found`} role="listbox" aria-busy={!current || undefined} aria-label={`Found for ${title}`} className={styles.found} hidden={rows.length === 0}>
        {rows.map((row, index) => (
          // The arrows and Enter of the field choose; the list itself takes no focus.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li key={row.uid} id={`${id}-${index}`} role="option" aria-selected={index === at} onMouseDown={(event) => event.preventDefault()} onClick={() => pick(row)}>
            <KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi><span className="small muted truncate">{kind(row.type)} · {shown(row.account, 20)}</span>
          </li>
        ))}
      </ul>
      {text !== undefined && search.length > 1 && found.data?.resources.length === 0 && <p className="small muted">Nothing fits.</p>}
    </div>
  );
}
