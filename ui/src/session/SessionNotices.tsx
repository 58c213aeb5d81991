// What somebody should know about the session, above the page.
import { KeyRound, LogOut, UserCog } from "lucide-react";
import { useSyncExternalStore } from "react";
import { shown } from "../lib/text";
import styles from "../shell/Shell.module.css";
import { useWho } from "./may";
import { scopeWords } from "./scope";
import { sessions } from "./session";
import { leave } from "./ways";

export function SessionNotices() {
  const who = useWho();
  const surprise = useSyncExternalStore(sessions.subscribe, sessions.surprise);
  const stuck = useSyncExternalStore(sessions.subscribe, sessions.stuckAt);
  if (!who) return null;
  const article = /^[aeio]/.test(who.role) ? "an" : "a";
  return (
    <>
      {surprise && (
        <p className={`${styles.notice} ${styles.news}`}>
          <UserCog className="icon" aria-hidden />
          <span>An administrator changed what you may do: you are {article} {who.role} now and see {scopeWords(who.scope) || "all accounts and teams"}.</span>
          <button type="button" className="button" onClick={sessions.surpriseSeen}>Understood</button>
        </p>
      )}
      {stuck !== undefined && (
        <p className={`${styles.notice} ${styles.slow}`} role="alert">
          <LogOut className="icon" aria-hidden />
          <span className="wrap">You are still signed in. {shown(stuck, 600)}</span>
          <button type="button" className="button" onClick={() => void leave()}>Sign out again</button>
        </p>
      )}
      {who.method === "recovery" && (
        <p className={`${styles.notice} ${styles.slow}`}>
          <KeyRound className="icon" aria-hidden />
          <span>You came in with a recovery code, which is used up. This session ends after five minutes without use: <a href="/settings/account" className="link">set up a way to sign in</a>.</span>
        </p>
      )}
    </>
  );
}
