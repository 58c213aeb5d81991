// Who I am, at the top of every page.
import { Link } from "@tanstack/react-router";
import { CircleUserRound, LogOut, UserCog } from "lucide-react";
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { shown } from "../lib/text";
import { moment } from "../lib/time";
import { useWho } from "./may";
import { METHOD_WORDS } from "./methods";
import { scopeWords } from "./scope";
import { sessions } from "./session";
import styles from "./session.module.css";
import { leave } from "./ways";

export function Me() {
  const who = useWho();
  const times = useSyncExternalStore(sessions.subscribe, sessions.times);
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => { if (!place.current?.contains(event.target as Node)) setOpen(false); };
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    window.addEventListener("pointerdown", outside);
    window.addEventListener("focusin", outside);
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("pointerdown", outside);
      window.removeEventListener("focusin", outside);
      window.removeEventListener("keydown", press);
    };
  }, [open]);
  if (!who) return null;
  const name = shown(who.name, 60);
  const limited = scopeWords(who.scope);
  return (
    <div ref={place} className={styles.me}>
      <button ref={button} type="button" className={styles.who} aria-expanded={open} aria-controls={id} title={limited ? `${name} sees ${limited}` : name} onClick={() => setOpen(!open)}>
        <CircleUserRound className="icon" aria-hidden />
        <span className={styles.words}><span className="truncate"><span className="hidden">You are </span><bdi>{name}</bdi></span><span className="muted small truncate"><span className="hidden">, </span>{who.role}{limited ? ", limited" : ""}</span></span>
      </button>
      {open && (
        <div id={id} className={styles.menu} role="group" aria-label="You">
          <p className="wrap"><strong><bdi>{shown(who.name, 200)}</bdi></strong></p>
          <dl>
            <dt>role</dt><dd>{who.role}</dd>
            <dt>sees</dt><dd>{limited || "all accounts and teams"}</dd>
            <dt>came in with</dt><dd>{METHOD_WORDS[who.method]}</dd>
            {Number.isFinite(times.end) && <><dt>until</dt><dd>{moment(new Date(times.end))} at most</dd></>}
          </dl>
          <div>
            <Link to="/settings" className="button plain" onClick={() => setOpen(false)}><UserCog aria-hidden />Settings</Link>
            <button type="button" className="button plain" onClick={() => void leave()}><LogOut aria-hidden />Sign out</button>
          </div>
        </div>
      )}
    </div>
  );
}
