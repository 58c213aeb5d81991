// Signs of state: never colour alone, and unknown is always the hatch.
import { AlertTriangle, Check, CircleDashed, CircleX, Loader } from "lucide-react";
import type { ReactNode } from "react";
import { counted, percent } from "../lib/text";
import styles from "./parts.module.css";

export type State = "unknown" | "understood" | "attention" | "broken" | "progress";
const ICONS = { unknown: CircleDashed, understood: Check, attention: AlertTriangle, broken: CircleX, progress: Loader };

export function Badge({ state, children, title }: { state: State; children: ReactNode; title?: string }) {
  const Icon = ICONS[state];
  return (
    <span className={`${styles.badge} ${styles[state]}`} title={title}>
      <Icon aria-hidden className={styles.badgeIcon} />
      <span>{children}</span>
    </span>
  );
}

export const Understood = ({ is }: { is: boolean }) => <Badge state={is ? "understood" : "unknown"}>{is ? "understood" : "not understood"}</Badge>;

/** A share as a bar: what is understood is plain, the rest is hatched. */
export function Share({ understood, all, label }: { understood: number; all: number; label: string }) {
  const says = all === 0 ? `${label}: nothing there` : `${label}: ${percent(understood, all)} of ${counted(all, "resource")} understood`;
  return (
    <span className={styles.share} role="img" aria-label={says} title={says}>
      <span style={{ width: `${all === 0 ? 0 : (understood / all) * 100}%` }} />
    </span>
  );
}
