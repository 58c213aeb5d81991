// The frame of what is shown to somebody who is not in yet.
import { Check } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import styles from "./session.module.css";

export function Card({ title, children, broad, steps }: { title: string; children: ReactNode; broad?: boolean; steps?: ReactNode }) {
  useEffect(() => { document.title = `${title} · Fathom`; }, [title]);
  return (
    <main className={styles.page}>
      <div className={`${styles.card} ${broad ? styles.broad : ""}`}>
        <div className={styles.top}>
          <p className={styles.brand}><img src="/icon.svg" alt="" width="20" height="20" />Fathom</p>
          <h1>{title}</h1>
          {steps}
        </div>
        {children}
      </div>
    </main>
  );
}

const STEPS = ["Who you are", "How you sign in", "Recovery codes"];

/** Where one is in the three steps, from 0. */
export function Steps({ at }: { at: number }) {
  return (
    <ol className={styles.steps} aria-label={`Step ${at + 1} of ${STEPS.length}`}>
      {STEPS.map((name, index) => (
        <li key={name} aria-current={index === at ? "step" : undefined}>
          <span className={styles.mark} aria-hidden>{index < at ? <Check /> : index + 1}</span>{name}{index < at && <span className="hidden">, done</span>}
        </li>
      ))}
    </ol>
  );
}
