// What part of the estate somebody sees: everything, or named accounts and teams.
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { facets } from "../../api/queries";
import { shown } from "../../lib/text";
import type { Role, Scope } from "../../session/types";
import { ROLE_WORDS, ROLES } from "../../session/may";
import { type Draft, values } from "./draft";
import styles from "./Settings.module.css";

const KNOWN_MAX = 12;

/** `most` is what the one who gives may give at most. */
export function ScopeFields({ draft, onChange, most }: { draft: Draft; onChange: (draft: Draft) => void; most?: Scope }) {
  const known = useQuery(facets({}));
  return (
    <>
      <One title="Accounts" one="account" text={draft.accounts} onChange={(accounts) => onChange({ ...draft, accounts })} known={most?.accounts ?? known.data?.account.map((each) => each.value) ?? []} fixed={Boolean(most?.accounts)} />
      <One title="Teams" one="team" text={draft.teams} onChange={(teams) => onChange({ ...draft, teams })} known={most?.teams ?? known.data?.owner.map((each) => each.value).filter(Boolean) ?? []} fixed={Boolean(most?.teams)} />
    </>
  );
}

function One({ title, one, text, onChange, known, fixed }: { title: string; one: string; text: string | undefined; onChange: (text: string | undefined) => void; known: string[]; fixed: boolean }) {
  const id = useId();
  const chosen = new Set(values(text ?? ""));
  const offers = known.filter((each) => !chosen.has(each)).slice(0, KNOWN_MAX);
  return (
    <fieldset className={styles.scope}>
      <legend>{title}</legend>
      <div className={styles.either}>
        <label className="row"><input type="radio" name={id} checked={text === undefined} disabled={fixed} onChange={() => onChange(undefined)} />all {title.toLowerCase()}</label>
        <label className="row"><input type="radio" name={id} checked={text !== undefined} onChange={() => onChange(text ?? "")} />only these</label>
      </div>
      {text !== undefined && (
        <>
          <textarea className="input mono" rows={2} value={text} onChange={(event) => onChange(event.target.value)} aria-label={`${title}, one a line`} spellCheck={false} maxLength={20_000} />
          {offers.length > 0 && <div className={styles.known}>{offers.map((each) => <button key={each} type="button" title={shown(each, 200)} aria-label={`Add the ${one} ${shown(each, 80)}`} onClick={() => onChange([...values(text), each].join("\n"))}>+ {shown(each, 40)}</button>)}</div>}
        </>
      )}
    </fieldset>
  );
}

/** One role of those that may be given. */
export function RoleField({ role, onChange, among = ROLES }: { role: Role; onChange: (role: Role) => void; among?: readonly Role[] }) {
  const id = useId();
  return (
    <fieldset className={styles.roles}>
      <legend>Role</legend>
      {among.map((each) => (
        <label key={each}><input type="radio" name={id} checked={each === role} onChange={() => onChange(each)} /><span>{each}</span><span className="small muted">{ROLE_WORDS[each]}</span></label>
      ))}
    </fieldset>
  );
}
