// Somebody new: name, role, scope, and the link that lets them in.
import { useState } from "react";
import { post } from "../../api/client";
import { shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Confirm } from "../../parts/Confirm";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Dialog } from "../../parts/Dialog";
import { Tabs } from "../../parts/Tabs";
import { Field } from "../../session/Fields";
import { word } from "../../lib/sqltext";
import type { Invitation, PersonView, Role } from "../../session/types";
import { type Draft, isEmpty, scopeOf } from "./draft";
import { RoleField, ScopeFields } from "./Scope";
import styles from "./Settings.module.css";

interface Made { person: PersonView; invitation: Invitation | null }

export function AddPerson({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [draft, setDraft] = useState<Draft>({});
  const [by, setBy] = useState<"invitation" | "oidc">("invitation");
  const [issuer, setIssuer] = useState("");
  const [subject, setSubject] = useState("");
  const [made, setMade] = useState<Made>();
  if (made?.invitation) return <Link person={made.person} invitation={made.invitation} onClose={onClose} />;
  const scope = role === "administrator" ? undefined : scopeOf(draft);
  return (
    <Confirm
      title="Add a person" action="Add" doing="Adding…" wide onClose={onClose} onDone={() => undefined}
      disabled={name.trim() === "" || (role !== "administrator" && isEmpty(draft)) || (by === "oidc" && (issuer.trim() === "" || subject.trim() === ""))}
      cli={`fathom people add ${word(name.trim() || "NAME")} --role ${role}`}
      run={async () => {
        const answer = await post<Made>("/api/v1/people", { name: name.trim(), role, scope, ...(by === "oidc" ? { issuer: issuer.trim(), subject: subject.trim() } : {}) });
        if (answer.invitation) setMade(answer);
        else onClose();
      }}
    >
      <Field label="Name, as the ledger will show it" value={name} onChange={setName} required maxLength={100} spellCheck={false} autoComplete="off">They sign in with it. It stays, also when they leave.</Field>
      <RoleField role={role} onChange={setRole} />
      {role === "administrator" ? <p className="small muted">Administrators see everything.</p> : <ScopeFields draft={draft} onChange={setDraft} />}
      <div className="row wrapped"><span className="small">Comes in with</span><Tabs label="Comes in with" value={by} options={[["invitation", "an invitation link"], ["oidc", "OpenID Connect"]]} onChange={setBy} /></div>
      {by === "oidc" ? (
        <>
          <Field label="Issuer" value={issuer} onChange={setIssuer} type="url" required maxLength={500} placeholder="https://login.example.com" spellCheck={false} />
          <Field label="Subject" value={subject} onChange={setSubject} required maxLength={255} spellCheck={false}>The claim <code>sub</code> that the issuer gives this person. Where the configuration maps groups to roles, nobody needs to be added by hand.</Field>
        </>
      ) : <p className="small muted">A link is made that works once and for 24 hours. Whoever opens it sets up how to sign in as this person, so send it where only they read it.</p>}
    </Confirm>
  );
}

/** The link of an invitation, shown this once. */
export function Link({ person, invitation, onClose }: { person: PersonView; invitation: Invitation; onClose: () => void }) {
  const link = window.location.origin + invitation.path;
  return (
    <Dialog title={`Invitation of ${shown(person.name, 60)}`}>
      <p>Send this link to <strong><bdi>{shown(person.name, 100)}</bdi></strong>, where only they read it. It is shown only now, works once, and ends {moment(invitation.until)}.</p>
      <div className="row"><code className={`${styles.link} ${styles.wide}`}>{link}</code><CopyButton text={link} what="Copy the link" /></div>
      {/^(localhost|127\.|\[::1\])/.test(window.location.hostname) && <p className="small muted">This address is that of your own machine. For somebody elsewhere, put the name of the server in its place.</p>}
      <div><button type="button" className="button main" data-first onClick={onClose}>I sent it</button></div>
      <CopyLine text={`fathom people reset ${word(person.name)}`} />
    </Dialog>
  );
}
