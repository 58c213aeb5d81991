// The ways in, the strongest first: passkey, another place, password with a code; then what is for emergencies.
import { ExternalLink, KeyRound } from "lucide-react";
import { type SyntheticEvent, useEffect, useRef, useState } from "react";
import { Refused, words } from "../api/problem";
import { shown } from "../lib/text";
import { CopyLine } from "../parts/Copy";
import { canBeSecret } from "./brought";
import { CodeField, Failed, Field, figures, focused } from "./Fields";
import { byName, offersInField, PasskeyError, passkeysHere } from "./passkey";
import styles from "./session.module.css";
import type { SignInWays } from "./types";
import { oidcAddress, withPasskey, withPassword, withRecovery, withToken } from "./ways";

type Form = "password" | "recovery" | "token";
interface Props { of: SignInWays; first: Form; name?: string; onIn?: () => void; emergencies?: boolean }

/** Challenges of passkeys grow old; the one that waits in the field is renewed before. */
const RENEW_MS = 4 * 60_000;

const said = (error: unknown): string => (error instanceof PasskeyError ? error.message : words(error).join(" "));

export function Ways({ of, first, name, onIn, emergencies = true }: Props) {
  const [form, setForm] = useState<Form>(first);
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState<string>();
  const waiting = useRef<AbortController>(undefined);
  const passkey = of.passkey && passkeysHere();

  /** One way at a time: what waits in the field is given up for it. */
  async function go(what: string, way: () => Promise<unknown>): Promise<boolean> {
    waiting.current?.abort();
    setBusy(what);
    setWrong(undefined);
    try {
      await way();
      onIn?.();
      return true;
    } catch (error) {
      setWrong(said(error));
      return false;
    } finally {
      setBusy(undefined);
    }
  }

  // Passkeys are also offered by the browser itself, in the field for the name.
  const inField = passkey && form === "password" && of.password && busy === undefined;
  useEffect(() => {
    if (!inField) return;
    const end = new AbortController();
    waiting.current = end;
    void (async () => {
      if (!(await offersInField())) return;
      const over = () => end.signal.aborted;
      while (!over()) {
        const one = AbortSignal.any([end.signal, AbortSignal.timeout(RENEW_MS)]);
        try {
          await withPasskey({ inField: true, signal: one });
          onIn?.();
          return;
        } catch (error) {
          if (over()) return;
          // Refused by the server: somebody picked one that no longer opens anything.
          if (error instanceof Refused) {
            setWrong(said(error));
            if (error.problem.code === "too_many_failures") return;
          }
          // Given up, or grown old: it is offered anew.
          if (!one.aborted) await new Promise((resolve) => setTimeout(resolve, 2_000));
        }
      }
    })();
    return () => end.abort();
  }, [inField, onIn]);

  const others: [Form, string, boolean][] = [
    ["password", "Password and one-time code", of.password], ["recovery", "Use a recovery code", of.recovery && emergencies], ["token", "Use the owner's token", emergencies],
  ];
  const named = of.passkey && !passkey ? byName() : undefined;
  const strong = passkey || of.oidc.length > 0;
  return (
    <>
      {strong && (
        <div className="stack">
          {passkey && (
            <button type="button" className={`button main ${styles.wide}`} disabled={busy !== undefined} onClick={() => void go("passkey", () => withPasskey())}>
              <KeyRound aria-hidden />{busy === "passkey" ? "Waiting for your passkey…" : "Sign in with a passkey"}
            </button>
          )}
          {of.oidc.map((each) => (
            <a key={each.id} className={`button ${styles.wide}`} href={oidcAddress(each.id)}><ExternalLink aria-hidden /><span>Sign in with <bdi>{shown(each.name, 60)}</bdi></span></a>
          ))}
        </div>
      )}
      {strong && <p className={styles.or}>or</p>}
      {form === "password" && of.password && <PasswordForm name={name} main={!passkey} busy={busy === "password"} wrong={wrong} go={(way) => go("password", way)} />}
      {form === "recovery" && <RecoveryForm name={name} busy={busy === "recovery"} wrong={wrong} go={(way) => go("recovery", way)} />}
      {form === "token" && <TokenForm busy={busy === "token"} wrong={wrong} setWrong={setWrong} go={(way) => go("token", way)} />}
      {form === "password" && !of.password && wrong && <Failed>{wrong}</Failed>}
      {named !== undefined && <p className="small muted">Passkeys need a name in the address: <a className="link" href={named + window.location.pathname + window.location.search}>use one at {named}</a></p>}
      <div className={styles.others}>
        {others.filter(([each, , there]) => there && each !== form).map(([each, words]) => (
          <button key={each} type="button" className={styles.text} onClick={() => { setForm(each); setWrong(undefined); }}>{words}</button>
        ))}
      </div>
    </>
  );
}

interface FormProps { name?: string; busy: boolean; wrong?: string; go: (way: () => Promise<unknown>) => Promise<boolean> }

function PasswordForm({ name: known = "", main, busy, wrong, go }: FormProps & { main: boolean }) {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { if (known !== "") field.current?.focus(); }, [known]);
  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    if (await go(() => withPassword(name.trim(), password, figures(code)))) return;
    // A code works once, and a wrong password is typed anew.
    setPassword("");
    setCode("");
    field.current?.focus();
  }
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <Field label="Name" value={name} onChange={setName} name="username" autoComplete="username webauthn" autoCapitalize="none" spellCheck={false} required maxLength={200} ref={known === "" ? focused : undefined} />
      <Field label="Password" value={password} onChange={setPassword} ref={field} type="password" name="password" autoComplete="current-password" required maxLength={512} />
      <CodeField value={code} onChange={setCode} required>From your authenticator app; each code works once.</CodeField>
      {wrong && <Failed>{wrong}</Failed>}
      <button type="submit" className={`button ${main ? "main" : ""} ${styles.wide}`} disabled={busy}>{busy ? "Asking the server…" : "Sign in"}</button>
    </form>
  );
}

function RecoveryForm({ name: known = "", busy, wrong, go }: FormProps) {
  const [name, setName] = useState(known);
  const [code, setCode] = useState("");
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); void go(() => withRecovery(name.trim(), code.trim())); }}>
      <p className="muted">For when your passkey or authenticator is lost. The code is used up, and the session ends after five minutes without use: enough to set up a new way in.</p>
      <Field label="Name" value={name} onChange={setName} autoComplete="username" autoCapitalize="none" spellCheck={false} required maxLength={200} ref={focused} />
      <Field label="Recovery code" value={code} onChange={setCode} className={styles.code} autoComplete="off" autoCapitalize="none" spellCheck={false} required maxLength={100} />
      {wrong && <Failed>{wrong}</Failed>}
      <button type="submit" className={`button main ${styles.wide}`} disabled={busy}>{busy ? "Asking the server…" : "Sign in with this code"}</button>
    </form>
  );
}

function TokenForm({ busy, wrong, setWrong, go }: FormProps & { setWrong: (text: string) => void }) {
  const [token, setToken] = useState("");
  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    const value = token.trim();
    if (!canBeSecret(value)) {
      setWrong("That cannot be the token: it is one line of letters and figures.");
      return;
    }
    if (!(await go(() => withToken(value)))) setToken("");
  }
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <Field label="Owner's token" value={token} onChange={setToken} className="mono" type="password" autoComplete="off" spellCheck={false} required ref={focused}>
        Whoever can read the server's data directory owns it. The token opens a session and is not kept.
      </Field>
      {wrong && <Failed>{wrong}</Failed>}
      <button type="submit" className={`button main ${styles.wide}`} disabled={busy}>{busy ? "Asking the server…" : "Sign in as the owner"}</button>
      <div className="stack small muted"><p>On the server, in the data directory:</p><CopyLine text="cat .fathom/api.token" /></div>
    </form>
  );
}
