// How a part of a page looks while it waits, where there is nothing, and when something is wrong.
import { AlertTriangle, Lock, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Gone, Refused, words } from "../api/problem";
import { shown } from "../lib/text";
import styles from "./parts.module.css";

/** Grey lines in the place of what will come. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, at) => <span key={at} />)}
      <em>{label}…</em>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children && <div className="muted stack">{children}</div>}
    </div>
  );
}

/** Whether the server answers that this person may not see it. */
export const forbidden = (error: unknown): boolean => error instanceof Refused && ["forbidden", "scope_limited"].includes(error.problem.code);

/** What a change came to that got no answer: nothing tries it again by itself. */
const NOT_KNOWN = ["No answer came; whether it was done is not known.", "Look before you try again."];

/** `once` where nothing is tried again by itself: a change, or with `again` a question that somebody asks anew. */
export function Wrong({ error, again, once }: { error: unknown; again?: () => void; once?: boolean }) {
  // That the server is gone is said once, above the page.
  if (error instanceof Gone && !once) return <Skeleton label="Waiting for the server" />;
  const [what, todo] = error instanceof Gone ? (again ? ["No answer came."] : NOT_KNOWN) : words(error).map((each) => shown(each, 2000));
  if (forbidden(error))
    return (
      <div className={styles.locked} role="note">
        <Lock className="icon" aria-hidden />
        <div className="stack"><p className="wrap"><strong>{what}</strong></p>{todo && <p className="wrap muted">{todo}</p>}</div>
      </div>
    );
  const place = error instanceof Refused && error.problem.line && !/^line \d/i.test(error.problem.detail) ? ` Line ${error.problem.line}, column ${error.problem.column ?? 1}.` : "";
  return (
    <div className={styles.wrong} role="alert">
      <AlertTriangle className="icon" aria-hidden />
      <div className="stack">
        <p className="wrap"><strong>{what}</strong>{place}</p>
        {todo && <p className="wrap">{todo}</p>}
        {again && <div><button type="button" className="button" onClick={again}><RotateCw aria-hidden /> Try again</button></div>}
      </div>
    </div>
  );
}

interface Asked<T> { data: T | undefined; error: unknown; refetch: () => unknown }

/** What a question comes to: skeleton, problem, or the answer. An answer that is there stays when a later one fails. */
export function Answer<T>({ of, lines, label, children }: { of: Asked<T>; lines?: number; label?: string; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <Wrong error={of.error} again={() => void of.refetch()} />;
  return <Skeleton lines={lines} label={label} />;
}
