// A choice of few, one of them on; arrows move it.
import type { KeyboardEvent, ReactNode } from "react";
import styles from "./parts.module.css";

interface Props<T extends string> { label: string; value: T; options: readonly (readonly [T, ReactNode])[]; onChange: (value: T) => void; panel?: string }

/** With `panel`, real tabs of the element of that id; without, a choice. */
export function Tabs<T extends string>({ label, value, options, onChange, panel }: Props<T>) {
  function press(event: KeyboardEvent<HTMLDivElement>) {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = options.findIndex(([each]) => each === value);
    const next = options[(at + step + options.length) % options.length];
    if (!next) return;
    onChange(next[0]);
    (event.currentTarget.children[options.indexOf(next)] as HTMLElement | undefined)?.focus();
  }
  return (
    // The focus is on one of the buttons; the arrows move it.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div role={panel ? "tablist" : "radiogroup"} aria-label={label} className={panel ? styles.tabs : styles.choice} onKeyDown={press}>
      {options.map(([each, name]) => (
        <button
          key={each} type="button" role={panel ? "tab" : "radio"} id={panel ? `tab-${each}` : undefined} tabIndex={each === value ? 0 : -1}
          {...(panel ? { "aria-selected": each === value, "aria-controls": panel } : { "aria-checked": each === value })} onClick={() => onChange(each)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
