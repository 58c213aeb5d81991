// How bad something is, in a word; what nobody judged is unknown.
import styles from "./parts.module.css";
import { Badge } from "./state";

export type Severe = "critical" | "high" | "medium" | "low" | "none";

export function Severity({ of }: { of: Severe | null | undefined }) {
  if (of === null || of === undefined) return <Badge state="unknown">not judged</Badge>;
  if (of === "critical") return <Badge state="broken">critical</Badge>;
  return of === "high" ? <Badge state="attention">high</Badge> : <span className={styles.word}>{of}</span>;
}
