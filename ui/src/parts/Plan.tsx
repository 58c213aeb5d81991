// What will be done, to what, with what effect, and how it is undone: shown before anything is, then asked once.
import type { ReactNode, SyntheticEvent } from "react";
import { CopyLine } from "./Copy";
import { Dialog } from "./Dialog";
import styles from "./Plan.module.css";
import { Wrong } from "./states";

interface Props {
  title: string;
  /** Pairs of a word and what it means here: does, concerns, undo. */
  plan: (readonly [string, ReactNode])[];
  /** The command that does the same. */
  cli?: string;
  action: string;
  /** What the button says while it is done. */
  doing?: string;
  busy: boolean;
  error?: unknown;
  disabled?: boolean;
  wide?: boolean;
  onRun: () => void;
  onClose: () => void;
  /** Ends what takes several steps after the one that is under way. */
  onStop?: () => void;
  children?: ReactNode;
}

/** What was sent cannot be called back: while it is under way nothing closes this. */
export function Plan({ title, plan, cli, action, doing = "Sealing…", busy, error, disabled, wide, onRun, onClose, onStop, children }: Props) {
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (!busy && !disabled) onRun();
  }
  return (
    <Dialog title={title} onClose={busy ? undefined : onClose} wide={wide}>
      <form className="stack" onSubmit={submit}>
        <dl className={styles.plan}>
          {plan.map(([word, means]) => <div key={word}><dt>{word}</dt><dd className="wrap">{means}</dd></div>)}
        </dl>
        {children}
        {error ? <Wrong error={error} once /> : null}
        <div className="row"><button type="submit" className="button main" disabled={busy || disabled}>{busy ? doing : action}</button>{busy && onStop ? <button type="button" className="button" onClick={onStop}>Stop</button> : <button type="button" className="button" disabled={busy} onClick={onClose}>Cancel</button>}</div>
        {cli && <CopyLine text={cli} />}
      </form>
    </Dialog>
  );
}

/** A day so many days from now, as the API takes it. */
export const inDays = (days: number, from = new Date()): string => new Date(from.getTime() + days * 86_400_000).toISOString().slice(0, 10);
