// Filters at the left of a list, with how many each would leave.
import { useId, useState } from "react";
import { count, counted, shown } from "../lib/text";
import styles from "./Facets.module.css";

export interface Option { value: string; count: number; name?: string }
interface Props { title: string; options: Option[]; chosen: string[]; onChange: (chosen: string[]) => void; single?: boolean }

const SHOWN = 8;
/** From so many on there is a field to find one. */
const FIND_FROM = 12;
const ALL_MAX = 400;

export function Facet({ title, options, chosen, onChange, single }: Props) {
  const [all, setAll] = useState(false);
  const [find, setFind] = useState("");
  const id = useId();
  const wanted = find.toLowerCase();
  // What is chosen stays in sight, also where nothing is left of it.
  const known = new Set(options.map((each) => each.value));
  const complete = [...options, ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }))];
  const fits = complete.filter((each) => !wanted || (each as Option).name?.toLowerCase().includes(wanted) || each.value.toLowerCase().includes(wanted));
  const sorted = [...fits.filter((each) => chosen.includes(each.value)), ...fits.filter((each) => !chosen.includes(each.value))];
  const visible = sorted.slice(0, all || wanted ? ALL_MAX : SHOWN);
  function toggle(value: string) {
    const on = chosen.includes(value);
    if (single) onChange(on ? [] : [value]);
    else onChange(on ? chosen.filter((each) => each !== value) : [...chosen, value]);
  }
  if (complete.length === 0) return null;
  return (
    <fieldset className={styles.facet}>
      <legend>{title}</legend>
      {options.length >= FIND_FROM && <input className="input small" placeholder={`Find in ${counted(options.length, "value")}`} aria-label={`Find in ${title}`} value={find} onChange={(event) => setFind(event.target.value)} />}
      <ul className={all ? styles.all : undefined}>
        {visible.map((option, at) => (
          <li key={option.value}>
            <input type="checkbox" id={`${id}-${at}`} checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} />
            <label htmlFor={`${id}-${at}`} title={shown(option.value, 200)}><bdi className="truncate">{(option as Option).name ?? shown(option.value, 80)}</bdi><span className="muted number">{count(option.count)}</span></label>
          </li>
        ))}
      </ul>
      {sorted.length > visible.length && <button type="button" className={styles.more} onClick={() => setAll(true)}>{counted(sorted.length - visible.length, "more", "more")}</button>}
      {all && <button type="button" className={styles.more} onClick={() => setAll(false)}>fewer</button>}
    </fieldset>
  );
}
