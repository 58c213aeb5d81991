// The page that asks who comes in.
import { KeyRound } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { ask } from "../api/client";
import { words } from "../api/problem";
import { CopyLine } from "../parts/Copy";
import { canBeToken, sessions } from "./session";
import styles from "./SignIn.module.css";

export function SignIn({ why }: { why?: string }) {
  const [value, setValue] = useState("");
  const [state, setState] = useState<{ busy: boolean; wrong?: string }>({ busy: false });
  const field = useId();
  const message = useId();

  async function submit(event: FormEvent) {
    event.preventDefault();
    const token = value.trim();
    if (!canBeToken(token)) {
      setState({ busy: false, wrong: "That cannot be a token: it is one line of letters and figures." });
      return;
    }
    setState({ busy: true });
    try {
      await ask("/api/v1/ledger", { headers: { authorization: `Bearer ${token}` } });
      sessions.signIn(token);
    } catch (error) {
      setState({ busy: false, wrong: words(error).join(" ") });
    }
  }

  const said = state.wrong ?? why;
  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <h1>Sign in to Fathom</h1>
        <p className="muted">
          The token was made when the server started first. It stays in this tab and is forgotten when the tab closes.
        </p>
        <div className="stack">
          <label htmlFor={field} className="small">Token</label>
          <input
            id={field} className="input mono" type="password" autoComplete="off" spellCheck={false} autoFocus
            value={value} onChange={(event) => setValue(event.target.value)}
            aria-invalid={state.wrong !== undefined} aria-describedby={said ? message : undefined}
          />
          {said && <p id={message} role="alert" className={styles.wrong}>{said}</p>}
        </div>
        <button className="button main" type="submit" disabled={state.busy || value.trim() === ""}>
          <KeyRound aria-hidden /> {state.busy ? "Asking the server…" : "Sign in"}
        </button>
        <div className="stack small muted">
          <p>On the server, in the data directory:</p>
          <CopyLine text="cat .fathom/api.token" />
        </div>
      </form>
    </main>
  );
}
