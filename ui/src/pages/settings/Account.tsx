// How I sign in.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { post, remove } from "../../api/client";
import { words } from "../../api/problem";
import { counted, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Confirm, Plan } from "../../parts/Confirm";
import { Dialog } from "../../parts/Dialog";
import { Badge } from "../../parts/state";
import { Answer } from "../../parts/states";
import { NotAgain, useGuard } from "../../session/Again";
import { Codes } from "../../session/Codes";
import { waysIn } from "../../session/enter";
import { Failed, Field } from "../../session/Fields";
import { ROLE_WORDS, useWho } from "../../session/may";
import { byName, deviceName, PasskeyError, passkeysHere } from "../../session/passkey";
import { Password } from "../../session/Password";
import { scopeWords } from "../../session/scope";
import { Totp } from "../../session/Totp";
import type { PasskeyView, PersonView } from "../../session/types";
import { addPasskey } from "../../session/ways";
import * as ask from "./ask";
import { Head } from "./Head";
import styles from "./Settings.module.css";

/** Fewer than these left are worth a word. */
const CODES_FEW = 3;

export function Account() {
  const who = useWho();
  const owner = who?.person === null;
  const me = useQuery({ ...ask.me, enabled: who !== undefined && !owner });
  if (owner)
    return (
      <>
        <Head title="My account" />
        <div className={styles.sections}>
          <section className={styles.section}>
            <h3>You are the owner of this server</h3>
            <p>You came in with the token of its data directory, which is nobody's account: what you do stands as <code>owner</code> in the ledger. For daily work, add yourself under <Link to="/settings/$part" params={{ part: "people" }} className="link">People</Link> and sign in as that person.</p>
          </section>
        </div>
      </>
    );
  if (me.data) return <Known me={me.data} />;
  return <><Head title="My account" /><Answer of={me} lines={8} label="Asking how you sign in">{() => null}</Answer></>;
}

function Section({ title, tools, children, name }: { title: string; tools?: ReactNode; children: ReactNode; name?: string }) {
  return <section className={styles.section} aria-label={name ?? title}><div className={styles.top}><h3>{title}</h3>{tools}</div>{children}</section>;
}

function Known({ me }: { me: PersonView }) {
  const [over, setOver] = useState<"passkey" | "password" | "totp" | "codes" | PasskeyView>();
  const { guard, dialog } = useGuard();
  const client = useQueryClient();
  const close = () => setOver(undefined);
  const done = () => {
    close();
    void client.invalidateQueries({ queryKey: ["me"] });
    void client.invalidateQueries({ queryKey: ["sessions"] });
  };
  const limited = scopeWords(me.scope);
  const local = me.issuer === null;
  return (
    <>
      <Head title="My account" sentence={waysIn(me)} />
      <div className={styles.sections}>
        <Section title="Who you are">
          <dl className={styles.facts}>
            <dt>name</dt><dd><bdi>{shown(me.name, 200)}</bdi></dd>
            <dt>role</dt><dd>{me.role}: {ROLE_WORDS[me.role]}</dd>
            <dt>sees</dt><dd>{limited || "all accounts and teams"}</dd>
            {me.issuer !== null && <><dt>issuer</dt><dd><bdi>{shown(me.issuer, 300)}</bdi></dd></>}
          </dl>
        </Section>
        {!local && <p className="muted">Your password, passkeys and second factor are kept by the issuer and are changed there.</p>}
        {local && (
          <>
            <Passkeys me={me} onAdd={() => setOver("passkey")} onRemove={setOver} />
            <Section title="Password and authenticator app" tools={<span className="row wrapped"><button type="button" className="button" onClick={() => setOver("password")}>{me.has_password ? "Change the password" : "Set a password"}</button><button type="button" className="button" onClick={() => setOver("totp")}>{me.has_totp ? "Set up another app" : "Set up an app"}</button></span>}>
              <p className="row wrapped">
                <Badge state={me.has_password ? "understood" : "attention"}>{me.has_password ? "password set" : "no password"}</Badge>
                <Badge state={me.has_totp ? "understood" : "attention"}>{me.has_totp ? "app confirmed" : "no app"}</Badge>
                {me.has_password !== me.has_totp && <span className="muted">One opens nothing without the other.</span>}
              </p>
            </Section>
            <Section title="Recovery codes" tools={<button type="button" className="button" onClick={() => setOver("codes")}>Make new ones…</button>}>
              <p className="row wrapped">
                {me.recovery_codes < CODES_FEW && <Badge state="attention">few</Badge>}
                <span>{me.recovery_codes === 0 ? "None is left. If you lose your other ways in, an administrator has to invite you anew." : `${counted(me.recovery_codes, "code is", "codes are")} left. Each works once.`}</span>
              </p>
            </Section>
          </>
        )}
      </div>
      {over === "passkey" && <AddPasskey guard={guard} onDone={done} onClose={close} />}
      {over === "password" && <Dialog title={me.has_password ? "Change the password" : "Set a password"} onClose={close}><p className="muted">Your other sessions end at once; this one goes on.</p><Password name={me.name} action="Set it" onDone={done} guard={guard} /></Dialog>}
      {over === "totp" && <Dialog title="Set up an authenticator app" onClose={close}>{me.has_totp && <p className="muted">The app that you have now works until the new one is confirmed.</p>}<Totp onDone={done} guard={guard} /></Dialog>}
      {over === "codes" && <NewCodes me={me} guard={guard} onDone={done} onClose={close} />}
      {typeof over === "object" && (
        <Confirm title="Remove a passkey" action="Remove it" doing="Removing…" run={() => guard(() => remove("/api/v1/me/passkeys/{id}", { id: over.id }))} onDone={done} onClose={close}>
          <Plan lines={[<>The passkey <strong><bdi>{shown(over.name, 100)}</bdi></strong> opens this server no longer. Sessions that it began go on.</>, "What your device keeps of it stays there until you delete it there.", "It cannot be brought back; a new one can be made."]} />
        </Confirm>
      )}
      {dialog}
    </>
  );
}

function Passkeys({ me, onAdd, onRemove }: { me: PersonView; onAdd: () => void; onRemove: (of: PasskeyView) => void }) {
  const passkeys = useQuery({ ...ask.passkeys, enabled: me.passkeys > 0 });
  const here = passkeysHere();
  const named = byName();
  return (
    <Section title="Passkeys" tools={<button type="button" className="button" onClick={onAdd} disabled={!here}><Plus aria-hidden />Add a passkey…</button>}>
      {!here && <p className="muted">{named ? `Passkeys need a name in the address: open ${named} to add one.` : "This browser has no passkeys at this address: they need https and a name."}</p>}
      {me.passkeys === 0 ? <p className="muted">None so far. A passkey cannot be lured away from you, and needs no code.</p> : (
        <Answer of={passkeys} lines={2} label="Asking for passkeys">
          {(all) => (
            <ul className={styles.list}>
              {all.map((each) => (
                <li key={each.id}>
                  <span><bdi className="truncate">{shown(each.name, 100)}</bdi><span className="small muted">made <Ago at={each.created_at} />, {each.used_at ? <>used <Ago at={each.used_at} /></> : "not used so far"}</span></span>
                  <button type="button" className="button plain" onClick={() => onRemove(each)} aria-label={`Remove ${shown(each.name, 60)}…`}><Trash2 aria-hidden />Remove…</button>
                </li>
              ))}
            </ul>
          )}
        </Answer>
      )}
    </Section>
  );
}

type Guard = <T>(act: () => Promise<T>) => Promise<T>;
const said = (error: unknown) => (error instanceof PasskeyError || error instanceof NotAgain ? error.message : words(error).join(" "));

function AddPasskey({ guard, onDone, onClose }: { guard: Guard; onDone: () => void; onClose: () => void }) {
  const [name, setName] = useState(deviceName());
  const add = useMutation({ mutationFn: () => guard(() => addPasskey(name.trim())), onSuccess: onDone });
  return (
    <Dialog title="Add a passkey" onClose={add.isPending ? undefined : onClose}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); add.mutate(); }}>
        <p className="muted">The browser asks next where to keep it: on this device, on a security key, or in a password manager.</p>
        <Field label="What to call it here" value={name} onChange={setName} required maxLength={100} />
        {add.error && <Failed>{said(add.error)}</Failed>}
        <div className="row"><button type="submit" className="button main" disabled={add.isPending || name.trim() === ""}>{add.isPending ? "Waiting for your device…" : "Make it"}</button><button type="button" className="button" disabled={add.isPending} onClick={onClose}>Cancel</button></div>
      </form>
    </Dialog>
  );
}

function NewCodes({ me, guard, onDone, onClose }: { me: PersonView; guard: Guard; onDone: () => void; onClose: () => void }) {
  const [codes, setCodes] = useState<string[]>();
  // Closed by a slip of the finger, they would be gone.
  if (codes) return <Dialog title="Your new recovery codes"><Codes codes={codes} name={me.name} action="Done" onKept={onDone} /></Dialog>;
  return (
    <Confirm title="Make new recovery codes" action="Make them" doing="Making them…" run={async () => setCodes((await guard(() => post<{ codes: string[] }>("/api/v1/me/recovery-codes", {}))).codes)} onDone={() => undefined} onClose={onClose}>
      <Plan lines={[`Eight new codes are made and shown once.`, me.recovery_codes > 0 ? `The ${counted(me.recovery_codes, "code")} that you have now stop to work at once.` : "You have none now."]} />
    </Confirm>
  );
}
