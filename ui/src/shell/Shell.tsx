// The frame of every page: rail, top bar, and what is said above the page.
import { type ErrorComponentProps, Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Search, SunMoon } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { patient } from "../lib/patient";
import { Wrong } from "../parts/states";
import { useInSight } from "../parts/useInSight";
import { Me } from "../session/Me";
import { useWho } from "../session/may";
import { NotForYou } from "../session/NotForYou";
import { Notices } from "./Notices";
import { isFor, PAGES, pageAt } from "./pages";
// Not a file of its own: what is typed while it loads would be lost.
import { Palette } from "./Palette";
import styles from "./Shell.module.css";
import { PastNotice, TimeControl } from "./TimeControl";
import { themes } from "./theme";

const Help = lazy(() => patient(() => import("./Help")).then(({ Help: component }) => ({ default: component })));

/** Whether a key press is meant for a field; a box to check takes no letters. */
export const typing = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLInputElement ? !["checkbox", "radio", "button"].includes(target.type) : target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName));

export function Shell() {
  const [over, setOver] = useState<"palette" | "help">();
  const theme = useSyncExternalStore(themes.subscribe, themes.get);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const who = useWho();
  const page = pageAt(path);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useInSight(`.${styles.rail}`, path);

  useEffect(() => {
    const name = pageAt(path)?.name ?? "Resource";
    document.title = `${name} · Fathom`;
    // Whoever reads with a screen reader lands in the new page, not at the old link.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOver((was) => (was === "palette" ? undefined : "palette"));
      } else if (!typing(event) && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]")) {
        if (event.key === "?") setOver("help");
        else if (event.key === "/") {
          const field = document.querySelector<HTMLInputElement>("[data-search]");
          event.preventDefault();
          if (field) field.focus();
          else setOver("palette");
        }
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  return (
    <div className={styles.frame}>
      <a href="#main" className={styles.skip} onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the page</a>
      <nav className={styles.rail} aria-label="Pages">
        <Link to="/" className={styles.brand}><img src="/icon.svg" alt="" width="20" height="20" /><span>Fathom</span></Link>
        <ul>
          {PAGES.filter((page) => isFor(page, who)).map(({ to, name, icon: Icon }) => (
            <li key={to}>
              <Link to={to} className={styles.page} activeOptions={{ exact: to === "/", includeSearch: false }} activeProps={{ className: styles.active, "aria-current": "page" }}>
                <Icon className="icon" aria-hidden /><span>{name}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.column}>
        <header className={styles.top}>
          <button type="button" className={styles.search} onClick={() => setOver("palette")}>
            <Search className="icon" aria-hidden /><span>Go to a resource, page or action</span><kbd>Ctrl K</kbd>
          </button>
          <div className={`row ${styles.tools}`}>
            {page?.to !== "/settings" && <TimeControl />}
            <button type="button" className="button plain" onClick={() => themes.set(themes.next())} aria-label={`Theme: ${theme}. Change`} title={`Theme: ${theme}`}>
              <SunMoon aria-hidden />
            </button>
            <button type="button" className={`button plain ${styles.keys}`} onClick={() => setOver("help")} aria-label="Keyboard help" title="Keyboard help (?)">?</button>
            <Me />
          </div>
        </header>
        <Notices />
        <PastNotice />
        <main id="main" ref={main} tabIndex={-1} className={styles.main}>{page && !isFor(page, who) ? <NotForYou page={page} who={who} /> : <Outlet />}</main>
      </div>
      <Suspense>
        {over === "palette" && <Palette onClose={() => setOver(undefined)} onHelp={() => setOver("help")} />}
        {over === "help" && <Help onClose={() => setOver(undefined)} />}
      </Suspense>
    </div>
  );
}

export function Lost() {
  return (
    <div className="stack">
      <h1>There is no such page</h1>
      <p>The address leads nowhere in this version. <Link to="/" className="link">Go to the overview</Link></p>
    </div>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <div className="stack">
      <h1>This page failed</h1>
      <Wrong error={error} again={reset} />
    </div>
  );
}
