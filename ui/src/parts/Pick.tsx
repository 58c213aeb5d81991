// A field that may stay open: somebody types and chooses what was found, or leaves what was typed.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { useDelayed } from "../lib/delayed";
import styles from "./PickResource.module.css";

export interface Choice { value: string; shown: ReactNode; beside?: string }
interface Props { label: string; open: string; value?: string; name: string; find: (text: string, signal: AbortSignal) => Promise<Choice[]>; onChange: (value: string | undefined) => void }

export function Pick({ label, open, value, name, find, onChange }: Props) {
  const [text, setText] = useState<string>();
  const [at, setAt] = useState(-1);
  const id = useId();
  const typed = (text ?? "").trim();
  const search = useDelayed(typed, 150);
  const asked = useQuery({ queryKey: ["find", name, search], enabled: text !== undefined && search.length > 1, placeholderData: keepPreviousData, staleTime: 10_000, queryFn: ({ signal }) => find(search, signal) });
  const rows = text !== undefined && typed.length > 1 ? (asked.data ?? []) : [];
  const current = search === typed && !asked.isPlaceholderData;
  const chosen = current ? rows[at] : undefined;
  const take = (next: string | undefined) => {
    setText(undefined);
    setAt(-1);
    if (next !== value) onChange(next);
  };
  function press(event: KeyboardEvent) {
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && rows.length > 0) {
      event.preventDefault();
      setAt((was) => (event.key === "ArrowDown" ? (was + 1) % rows.length : (was <= 0 ? rows.length : was) - 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (text !== undefined) take(chosen?.value ?? (typed || undefined));
    } else if (event.key === "Escape" && text !== undefined) {
      event.stopPropagation();
      setText(undefined);
      setAt(-1);
    }
  }
  return (
    <div className={`${styles.place} ${styles.pick}`}>
      <label className="small" htmlFor={id}>{label}</label>
      <div className={styles.input}>
        <input
          id={id} className="input" role="combobox" aria-expanded={rows.length > 0} aria-controls={`${id}-found`} aria-autocomplete="list" aria-activedescendant={chosen ? `${id}-${at}` : undefined} autoComplete="off" spellCheck={false} maxLength={2048}
          placeholder={open} value={text ?? value ?? ""} title={value} onChange={(event) => { setText(event.target.value); setAt(-1); }} onKeyDown={press} onBlur={() => { if (text !== undefined) take(typed || undefined); }}
        />
        {value && text === undefined && <button type="button" className="button plain" aria-label={`Leave open: ${label}`} title="Leave open" onClick={() => take(undefined)}><X aria-hidden /></button>}
      </div>
      <ul id={`${id}-found`} role="listbox" aria-busy={!current || undefined} aria-label={`Found for ${label}`} className={styles.found} hidden={rows.length === 0}>
        {rows.map((row, index) => (
          // The arrows and Enter of the field choose; the list itself takes no focus.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li key={row.value} id={`${id}-${index}`} role="option" aria-selected={index === at} onMouseDown={(event) => event.preventDefault()} onClick={() => take(row.value)}>
            {row.shown}{row.beside && <span className="small muted truncate">{row.beside}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
