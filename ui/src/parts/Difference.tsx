// Changes within a document, line by line: what came, what went, another value.
import type { Schemas } from "../api/client";
import { shown } from "../lib/text";
import { Badge } from "./state";
import styles from "./parts.module.css";

const SIGNS: Record<string, [string, string]> = { added: ["+", "added"], removed: ["−", "removed"], changed: ["~", "changed"] };

/** A value as one line. */
export const value = (of: unknown, max = 200): string => (of === undefined ? "" : shown(typeof of === "string" ? of : JSON.stringify(of), max));

export function Difference({ of, max = 200 }: { of: Schemas["DifferenceView"]; max?: number }) {
  const more = of.more + Math.max(0, of.changes.length - max);
  if (of.changes.length === 0) return <p className="small muted">Only the order of lists differs.</p>;
  return (
    <ul className={styles.diff}>
      {of.changes.slice(0, max).map((change, at) => {
        const [sign = "~", says = change.what] = SIGNS[change.what] ?? [];
        return (
          <li key={at} className={styles[change.what]}>
            <span aria-label={says} className={styles.sign}>{sign}</span>
            <span className="wrap">
              <span className={styles.path}>{shown(change.path, 200)}{change.of.length > 0 && ` (${change.of.map((each) => shown(each, 80)).join(", ")})`}</span>{" "}
              {change.old !== undefined && change.old !== null && <del><bdi>{value(change.old)}</bdi></del>}
              {change.what === "changed" && !of.withheld && " → "}
              {change.new !== undefined && change.new !== null && <ins><bdi>{value(change.new)}</bdi></ins>}
              {change.cut && <em className="muted"> (cut)</em>}
            </span>
          </li>
        );
      })}
      {of.withheld && <li><span className={styles.sign} /><Badge state="unknown" title="Whoever may read documents sees them">values are not for your role</Badge></li>}
      {more > 0 && <li className="muted small"><span className={styles.sign} />and {more} more</li>}
    </ul>
  );
}

/** What became of a resource. */
export function ChangeSign({ what, before, after }: { what: string; before?: boolean | null; after?: boolean | null }) {
  if (what === "same") return after ? <Badge state="understood">now understood</Badge> : <Badge state="unknown">no longer understood</Badge>;
  const words: Record<string, string> = { added: "new", returned: "back", changed: "changed", gone: "gone", first_seen: "first seen", version: "version" };
  const worse = before === true && after === false;
  return (
    <span className={styles.whats}>
      <span className={styles.what} data-what={what}>{words[what] ?? shown(what, 30)}</span>
      {worse && <Badge state="unknown">no longer understood</Badge>}
    </span>
  );
}
