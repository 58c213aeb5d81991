// The frame of every list: title and sentence, facets at the left, tools above, the table.
import { SlidersHorizontal } from "lucide-react";
import { type ReactNode, useState } from "react";
import styles from "./List.module.css";

export function List({ title, sentence, tools, facets, active, children }: { title: string; sentence?: ReactNode; tools?: ReactNode; facets?: ReactNode; active?: number; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{title}</h1>
        {sentence && <p className="muted">{sentence}</p>}
      </div>
      {facets && (
        <button type="button" className={`button ${styles.toggle}`} aria-expanded={open} onClick={() => setOpen(!open)}>
          <SlidersHorizontal aria-hidden />Filters{active ? ` (${active})` : ""}
        </button>
      )}
      <div className={facets ? styles.columns : styles.single}>
        {facets && <aside className={`${styles.facets} ${open ? styles.open : ""}`} aria-label="Filters">{facets}</aside>}
        <div className={styles.body}>
          {tools && <div className={styles.tools}>{tools}</div>}
          {children}
        </div>
      </div>
    </div>
  );
}
