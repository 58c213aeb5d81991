// What somebody should know about the session, above the page.
import { KeyRound, UserCog } from "lucide-react";
import { useSyncExternalStore } from "react";
import styles from "../shell/Shell.module.css";
import { useWho } from "./may";
import { scopeWords } from "./scope";
import { sessions } from "./session";

export function SessionNotices() {
  const who = useWho();
  const surprise = useSyncExternalStore(sessions.subscribe, sessions.surprise);
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
      {who.method === "recovery" && (
        <p className={`${styles.notice} ${styles.slow}`}>
          <KeyRound className="icon" aria-hidden />
          <span>You came in with a recovery code, which is used up. This session ends after five minutes without use: <a href="/settings/account" className="link">set up a way to sign in</a>.</span>
        </p>
      )}
    </>
  );
}
