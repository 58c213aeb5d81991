// Rows against kinds of access; a cell opens its actions, each a door to its proof.
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode, useState } from "react";
import { AlertTriangle, Check, CircleDashed } from "lucide-react";
import { count } from "../../lib/text";
import styles from "./Permissions.module.css";
import { Says } from "./parts";
import { ACCESS, type Access, type Permitted, type Question, type WithKey, withKey } from "./words";

export interface MatrixRow { key: string; head: ReactNode; name: string; permitted: Permitted[];
  /** What the key says of actions that give content. */
  withKey?: WithKey[];
  /** The question that proves one of its actions. */
  proof: Question }
const SIGNS = { allowed: Check, only_if: AlertTriangle, unknown: CircleDashed };
const WORDS = { allowed: "yes", only_if: "only if", unknown: "unknown" };
const ACTIONS_SHOWN = 60;

export function Matrix({ rows, title, label }: { rows: MatrixRow[]; title: string; label: string }) {
  const [open, setOpen] = useState<{ key: string; access: Access }>();
  return (
    <div className={styles.scroller} role="region" aria-label={`${label}, scrolls`} tabIndex={0}>
      <table className={styles.matrix} aria-label={label}>
        <thead><tr><th scope="col">{title}</th>{ACCESS.map(([access, words]) => <th key={access} scope="col" title={words}>{access}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.key}>
              <tr data-open={open?.key === row.key || undefined}>
                <th scope="row">{row.head}</th>
                {ACCESS.map(([access]) => {
                  const found = row.permitted.filter((each) => each.access === access);
                  const is = open?.key === row.key && open.access === access;
                  if (found.length === 0) return <td key={access} data-none><span className="muted" aria-hidden>–</span><span className="hidden">none</span></td>;
                  return (
                    <td key={access} data-access={access}>
                      <button type="button" className={styles.cell} aria-expanded={is} onClick={() => setOpen(is ? undefined : { key: row.key, access })}>
                        <span className="hidden">{access} {row.name}: </span>
                        {found.map((each) => {
                          const Sign = SIGNS[each.decision];
                          return <span key={each.decision} data-decision={each.decision}><Sign aria-hidden />{WORDS[each.decision]} {count(each.actions.length)}<span className="hidden">{each.actions.length === 1 ? "action" : "actions"}</span></span>;
                        })}
                      </button>
                    </td>
                  );
                })}
              </tr>
              {open?.key === row.key && (
                <tr className={styles.opened}><td colSpan={ACCESS.length + 1}>
                  {row.permitted.filter((each) => each.access === open.access).map((each) => <Actions key={each.decision} of={each} proof={row.proof} />)}
                  {row.withKey?.filter((each) => row.permitted.some((one) => one.access === open.access && each.actions.some((action) => one.actions.includes(action)))).map((each, at) => (
                    <p key={at} className="row wrapped small"><Says decision={each.content} /><span className="wrap">{withKey(each)}</span></p>
                  ))}
                </td></tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Actions({ of, proof }: { of: Permitted; proof: Question }) {
  const [all, setAll] = useState(false);
  return (
    <div className={styles.actions}>
      <Says decision={of.decision} />
      <ul aria-label={`Actions: ${WORDS[of.decision]}`}>
        {of.actions.slice(0, all ? undefined : ACTIONS_SHOWN).map((action) => <li key={action}><Link to="/permissions" search={{ ...proof, action }} title="Why"><code>{action}</code></Link></li>)}
        {!all && of.actions.length > ACTIONS_SHOWN && <li><button type="button" className="button plain small" onClick={() => setAll(true)}>{count(of.actions.length - ACTIONS_SHOWN)} more</button></li>}
      </ul>
    </div>
  );
}
