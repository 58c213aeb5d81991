// Keeps a session that is used, and warns before one that is not ends.
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { words } from "../api/problem";
import { patient } from "../lib/patient";
import { moment } from "../lib/time";
import { Dialog } from "../parts/Dialog";
import { activity } from "./activity";
import { Failed } from "./Fields";
import { clock, lead } from "./idle";
import { sessions, type Times } from "./session";
import styles from "./session.module.css";
import { check, leave, stay } from "./ways";

const SignInAgain = lazy(() => patient(() => import("./Again")).then((file) => ({ default: file.SignInAgain })));

/** Keys and clicks that ask nothing of the server are told to it this often at most. */
const TELL_MS = 60_000;

function limit(): number {
  const session = sessions.get();
  return "who" in session && session.who.idle_seconds ? session.who.idle_seconds * 1000 : Infinity;
}

export function Alive() {
  const times = useSyncExternalStore(sessions.subscribe, sessions.times);
  const [warned, setWarned] = useState(false);
  const open = useRef(false);
  useEffect(() => { open.current = warned; }, [warned]);

  // Reading and typing are use too, though they ask nothing of the server.
  useEffect(() => activity.subscribe(() => {
    if (open.current || sessions.get().state !== "in" || sessions.unused() < Math.min(TELL_MS, limit() / 10)) return;
    sessions.noted();
    void stay().catch(() => undefined);
  }), []);

  // Whether the end is near is asked before it is said: another tab may have gone on.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let asked = false;
    const look = () => {
      clearTimeout(timer);
      const now = Date.now();
      const end = nearest(sessions.times());
      const near = end - lead(limit());
      if (end === Infinity) return;
      if (now >= end) return void check();
      if (now < near) {
        asked = false;
        setWarned(false);
        timer = setTimeout(look, Math.min(near - now, 60_000));
      } else if (!asked) {
        asked = true;
        void check().then(look);
      } else {
        setWarned(true);
        timer = setTimeout(() => { asked = false; look(); }, Math.min(end - now + 1_000, 5_000));
      }
    };
    look();
    // A machine that slept wakes up with old timers.
    const wake = () => { if (document.visibilityState === "visible") { asked = false; look(); } };
    document.addEventListener("visibilitychange", wake);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [times]);

  return warned ? <Warning times={times} onStay={() => setWarned(false)} /> : null;
}

const nearest = ({ idle, end }: Times): number => Math.min(idle, end);

function Warning({ times, onStay }: { times: Times; onStay: () => void }) {
  const [now, setNow] = useState(() => Date.now());
  const [again, setAgain] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const stuck = useSyncExternalStore(sessions.subscribe, sessions.stuckAt);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  // Nothing but a new sign-in goes beyond the end.
  const last = times.end <= times.idle + 1_000;
  const left = nearest(times) - now;
  async function go() {
    setBusy(true);
    setWrong(undefined);
    try {
      await stay();
      onStay();
    } catch (error) {
      setWrong(words(error).join(" "));
    } finally {
      setBusy(false);
    }
  }
  if (again) return <Suspense><SignInAgain title="Sign in again" why={`This session ends at ${moment(new Date(times.end))}, whatever you do. A new sign-in goes on here, and nothing on the page is lost.`} onIn={onStay} onClose={() => setAgain(false)} /></Suspense>;
  return (
    <Dialog title={last ? "Your session ends" : "Are you still there?"} onClose={last ? undefined : () => void go()}>
      <p className={styles.count} role="timer" aria-label={`${clock(left)} left`}>{clock(left)}</p>
      {/* Said once and not with every second. */}
      <p role="status">{last ? "No session lasts longer than this one did. Sign in again to go on here." : "Nobody used this page for a while. When the time is up you are signed out, and this page is closed to whoever passes by."}</p>
      <p className="muted">What stands in an open form or was typed and not sent is lost then. The address with its filters stays, and so does all that was saved; a scan goes on without you.</p>
      {(wrong ?? stuck) && <Failed>{wrong ?? `You are still signed in. ${stuck}`}</Failed>}
      <div className="row">
        {last ? <button type="button" className="button main" data-first onClick={() => setAgain(true)}>Sign in again</button> : <button type="button" className="button main" data-first disabled={busy} onClick={() => void go()}>{busy ? "Telling the server…" : "Stay signed in"}</button>}
        <button type="button" className="button" onClick={() => void leave()}>Sign out now</button>
      </div>
    </Dialog>
  );
}
