// Somebody opened the link of an invitation.
import { useState } from "react";
import { Refused, words } from "../api/problem";
import { shown } from "../lib/text";
import { Card, Steps } from "./Card";
import { Failed, focused } from "./Fields";
import styles from "./session.module.css";
import { withInvitation } from "./ways";

export function Invited({ invitation, inAs, onLeave }: { invitation: string; inAs?: string; onLeave: () => void }) {
  const [state, setState] = useState<{ busy: boolean; wrong?: string }>({ busy: false });
  async function open() {
    setState({ busy: true });
    try {
      await withInvitation(invitation);
      onLeave();
    } catch (error) {
      const refused = error instanceof Refused && error.problem.code === "signin_refused";
      setState({ busy: false, wrong: refused ? "This invitation opens nothing: it was used, replaced by a newer one, or is older than its day. Ask whoever sent it for another." : words(error).join(" ") });
    }
  }
  return (
    <Card title="You are invited" steps={<Steps at={0} />}>
      <p>The link that you opened is for one person. With it you choose how you sign in from now on: with a passkey, or with a password and an authenticator app. It takes about two minutes.</p>
      {inAs !== undefined && <p className={styles.why}>You are signed in as <bdi>{shown(inAs, 100)}</bdi>. Going on signs you out; the invitation is for somebody who is not in yet.</p>}
      {state.wrong && <Failed>{state.wrong}</Failed>}
      <button type="button" className={`button main ${styles.wide}`} onClick={() => void open()} disabled={state.busy} ref={focused}>{state.busy ? "Opening the invitation…" : "Begin"}</button>
      <div className={styles.others}><button type="button" className={styles.text} onClick={onLeave}>{inAs !== undefined ? `Stay signed in as ${shown(inAs, 60)}` : "Sign in instead"}</button></div>
    </Card>
  );
}
