// Recovery codes: shown this once, to be kept somewhere else.
import { Download } from "lucide-react";
import { useState } from "react";
import { save } from "../lib/csv";
import { CopyButton } from "../parts/Copy";
import styles from "./session.module.css";

/** As a file that says what it is for when it is found in two years. */
export const asFile = (codes: readonly string[], name: string, origin: string, at: Date): string =>
  [`Recovery codes of ${name} for Fathom at ${origin}`, `made ${at.toISOString().slice(0, 10)}; each works once; older ones stopped to work that day`, "", ...codes, ""].join("\n");

export function Codes({ codes, name, action, busy, onKept }: { codes: readonly string[]; name: string; action: string; busy?: boolean; onKept: () => void }) {
  const [kept, setKept] = useState(false);
  const text = () => asFile(codes, name, window.location.origin, new Date());
  return (
    <div className={styles.form}>
      <p>Each of these lets you in once when your passkey, password or authenticator is lost. They are not shown again. Keep them where you would not lose them together with this device.</p>
      <ul className={styles.codes} aria-label="Recovery codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      <div className="row">
        <button type="button" className="button" onClick={() => save("fathom-recovery-codes.txt", [text()], "text/plain")}><Download aria-hidden />Download</button>
        <CopyButton text={codes.join("\n")} what="Copy the codes" />
      </div>
      <label className={styles.check}><input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} /><span>I kept them</span></label>
      <button type="button" className={`button main ${styles.wide}`} disabled={!kept || busy} onClick={onKept}>{busy ? "One moment…" : action}</button>
    </div>
  );
}
