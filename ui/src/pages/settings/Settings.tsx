// The settings: one's own account, and who else may do what.
import { Link, useParams } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { patient } from "../../lib/patient";
import { Empty, Skeleton } from "../../parts/states";
import { useInSight } from "../../parts/useInSight";
import { useWho, whoCan } from "../../session/may";
import { Head } from "./Head";
import { isPartFor, type Part, PARTS } from "./parts";
import styles from "./Settings.module.css";

const Account = lazy(() => patient(() => import("./Account")).then((file) => ({ default: file.Account })));
const Sessions = lazy(() => patient(() => import("./Sessions")).then((file) => ({ default: file.Sessions })));
const Tokens = lazy(() => patient(() => import("./Tokens")).then((file) => ({ default: file.Tokens })));
const People = lazy(() => patient(() => import("./People")).then((file) => ({ default: file.People })));
const Issuers = lazy(() => patient(() => import("./Issuers")).then((file) => ({ default: file.Issuers })));
const Appearance = lazy(() => patient(() => import("./Appearance")).then((file) => ({ default: file.Appearance })));
const CONTENT: Record<Part["part"], ReactNode> = {
  account: <Account />, sessions: <Sessions />, tokens: <Tokens />, people: <People />, signin: <Issuers />, appearance: <Appearance />,
};

export function Settings() {
  const { part: asked } = useParams({ strict: false });
  const who = useWho();
  const part = PARTS.find((each) => each.part === (asked ?? "account"));
  const name = part?.name;
  useEffect(() => { document.title = `${name ?? "Settings"} · Settings · Fathom`; }, [name]);
  useInSight(`.${styles.nav}`, name);
  return (
    <div className={styles.page}>
      <nav className={styles.nav} aria-label="Settings">
        <h1>Settings</h1>
        <ul>
          {PARTS.filter((each) => isPartFor(each, who)).map((each) => (
            <li key={each.part}>
              <Link to="/settings/$part" params={{ part: each.part }} className={`${styles.part} ${each === part ? styles.active : ""}`} aria-current={each === part ? "page" : undefined}>{each.name}</Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.body}>
        {!part ? <Empty title="There is no such setting"><p><Link to="/settings" className="link">Go to your account</Link></p></Empty>
          : !isPartFor(part, who) ? <><Head title={part.name} /><Empty title="This is not part of your role"><p>{part.needs && whoCan(part.needs)}</p></Empty></>
            : <Suspense fallback={<Skeleton lines={8} label="Fetching the page" />}>{CONTENT[part.part]}</Suspense>}
      </div>
    </div>
  );
}
