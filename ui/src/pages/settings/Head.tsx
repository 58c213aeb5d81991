// What stands above each part: name, a sentence, what one can do.
import type { ReactNode } from "react";
import styles from "./Settings.module.css";

export function Head({ title, sentence, tools }: { title: string; sentence?: ReactNode; tools?: ReactNode }) {
  return (
    <div className={styles.head}>
      <h2>{title}</h2>
      {sentence && <p className="muted">{sentence}</p>}
      {tools && <div className={`row ${styles.tools}`}>{tools}</div>}
    </div>
  );
}
