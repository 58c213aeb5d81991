// One person: what they may, how they come in, and what an administrator can do about it.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { patch, post } from "../../api/client";
import { word } from "../../lib/sqltext";
import { counted, list, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Ago, useNow } from "../../parts/Ago";
import { Confirm, Plan } from "../../parts/Confirm";
import { Dialog } from "../../parts/Dialog";
import { Badge } from "../../parts/state";
import { canEnter, waysOf } from "../../session/enter";
import { useMay, useWho, whoCan } from "../../session/may";
import { change } from "../../session/roles";
import { scopeWords } from "../../session/scope";
import type { Invitation, PersonView, Role } from "../../session/types";
import { Link } from "./AddPerson";
import { type Draft, draftOf, isEmpty, scopeOf } from "./draft";
import { RoleField, ScopeFields } from "./Scope";
import styles from "./Settings.module.css";

/** The one thing about a person that matters first. */
export function StateOf({ person, now }: { person: PersonView; now: Date }) {
  if (person.disabled) return <Badge state="attention">disabled</Badge>;
  if (person.locked_until && new Date(person.locked_until) > now) return <Badge state="broken" title="Too many wrong passwords or codes">locked</Badge>;
  if (canEnter(person)) return <Badge state="understood">can sign in</Badge>;
  if (person.invited_until && new Date(person.invited_until) > now) return <Badge state="progress">invited</Badge>;
  return <Badge state="attention">no way in</Badge>;
}

type Over = "change" | "disable" | "enable" | "invite";

export function Person({ person, onClose }: { person: PersonView; onClose: () => void }) {
  const [over, setOver] = useState<Over>();
  const [invitation, setInvitation] = useState<Invitation>();
  const manage = useMay("manage_people");
  const who = useWho();
  const now = useNow();
  const client = useQueryClient();
  const mine = who?.person === person.id;
  const renew = () => {
    for (const key of ["people", "sessions", "tokens"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const done = () => { renew(); onClose(); };
  const back = () => setOver(undefined);
  const name = <strong><bdi>{shown(person.name, 100)}</bdi></strong>;
  const open = person.sessions > 0 ? `${counted(person.sessions, "open session")} of theirs ${person.sessions === 1 ? "ends" : "end"} within a second, and what was not sent there is lost` : "They have no open session";
  if (invitation) return <Link person={person} invitation={invitation} onClose={done} />;
  if (over === "change") return <Change person={person} onDone={done} onClose={back} />;
  if (over === "disable")
    return (
      <Confirm title="Disable an account" action="Disable it" doing="Disabling…" onClose={back} onDone={done} cli={`fathom people disable ${word(person.name)}`} run={() => patch("/api/v1/people/{id}", { disabled: true }, { id: person.id })}>
        <Plan lines={[<>{name} can no longer sign in, in any way.</>, `${open}. Their API tokens are refused.`, "What they did stays in the ledger under their name. You can enable the account again."]} />
      </Confirm>
    );
  if (over === "enable")
    return (
      <Confirm title="Enable an account" action="Enable it" doing="Enabling…" onClose={back} onDone={done} run={() => patch("/api/v1/people/{id}", { disabled: false }, { id: person.id })}>
        <Plan lines={[<>{name} can sign in again as {person.role}, with what was set up before ({waysOf(person)}).</>]} />
      </Confirm>
    );
  if (over === "invite")
    return (
      <Confirm title="Invite anew" action="Make a new invitation" doing="Making it…" onClose={back} onDone={renew} cli={`fathom people reset ${word(person.name)}`} run={async () => setInvitation(await post<Invitation>("/api/v1/people/{id}/invitation", {}, undefined, { id: person.id }))}>
        <Plan lines={[<>All ways in of {name} are removed: {waysOf(person) === "none" ? "there are none now" : waysOf(person)}, and their recovery codes. A lock ends.</>, `${open}.`, "A link is made that works once and for 24 hours; an older one stops to work. This cannot be undone."]} />
      </Confirm>
    );
  return (
    <Dialog title={shown(person.name, 80)} onClose={onClose} wide>
      <dl className={styles.facts}>
        <dt>state</dt><dd><StateOf person={person} now={now} /></dd>
        <dt>role</dt><dd>{person.role}</dd>
        <dt>sees</dt><dd>{scopeWords(person.scope) || "all accounts and teams"}{person.scope.accounts && <p className="small muted mono">{person.scope.accounts.map((each) => shown(each, 60)).join(", ")}</p>}{person.scope.teams && <p className="small muted">{person.scope.teams.map((each) => shown(each, 60)).join(", ")}</p>}</dd>
        <dt>signs in with</dt><dd>{waysOf(person)}{person.issuer !== null && <p className="small muted wrap"><bdi>{shown(person.issuer, 200)}</bdi>, subject <bdi>{shown(person.subject ?? "", 200)}</bdi></p>}</dd>
        {person.issuer === null && <><dt>recovery codes</dt><dd>{person.recovery_codes} left</dd></>}
        <dt>last sign-in</dt><dd>{person.last_signin_at ? <Ago at={person.last_signin_at} /> : "never"}</dd>
        <dt>sessions</dt><dd>{counted(person.sessions, "open session")}</dd>
        <dt>added</dt><dd><Ago at={person.created_at} /></dd>
        {person.invited_until && new Date(person.invited_until) > now && <><dt>invitation</dt><dd>open until {moment(person.invited_until)}</dd></>}
        {person.locked_until && new Date(person.locked_until) > now && <><dt>locked until</dt><dd>{moment(person.locked_until)}, after too many wrong passwords or codes. A passkey opens it all the same.</dd></>}
      </dl>
      {!manage ? <p className="small muted">{whoCan("manage_people")}</p> : mine ? <p className="small muted">This is you: another administrator changes your role or disables you.</p> : (
        <div className="row wrapped">
          <button type="button" className="button" onClick={() => setOver("change")} data-first>Change role or scope…</button>
          {person.issuer === null && !person.disabled && <button type="button" className="button" onClick={() => setOver("invite")}>Invite anew…</button>}
          <button type="button" className="button" onClick={() => setOver(person.disabled ? "enable" : "disable")}>{person.disabled ? "Enable…" : "Disable…"}</button>
        </div>
      )}
    </Dialog>
  );
}

function Change({ person, onDone, onClose }: { person: PersonView; onDone: () => void; onClose: () => void }) {
  const [role, setRole] = useState<Role>(person.role);
  const [draft, setDraft] = useState<Draft>(draftOf(person.scope));
  const scope = role === "administrator" ? { accounts: null, teams: null } : scopeOf(draft);
  const { gains, loses } = change(person.role, role);
  const [before, after] = [scopeWords(person.scope) || "everything", scopeWords(scope) || "everything"];
  const rescoped = JSON.stringify(scope) !== JSON.stringify(person.scope);
  const same = role === person.role && !rescoped;
  return (
    <Confirm title={`Role and scope of ${shown(person.name, 60)}`} action="Change it" doing="Changing it…" wide disabled={same || (role !== "administrator" && isEmpty(draft))} onClose={onClose} onDone={onDone} run={() => patch("/api/v1/people/{id}", { role, scope }, { id: person.id })}>
      <RoleField role={role} onChange={setRole} />
      {role === "administrator" ? <p className="small muted">Administrators see everything.</p> : <ScopeFields draft={draft} onChange={setDraft} />}
      {!same && (
        <dl className={styles.diff} aria-label="What changes">
          {gains.length > 0 && <><dt>may from now on</dt><dd>{list(gains)}</dd></>}
          {loses.length > 0 && <><dt>may no longer</dt><dd>{list(loses)}</dd></>}
          {rescoped && <><dt>sees</dt><dd>{after} <span className="muted">(was: {before})</span></dd></>}
          <dt>holds</dt><dd>at once, in open sessions too</dd>
        </dl>
      )}
    </Confirm>
  );
}
