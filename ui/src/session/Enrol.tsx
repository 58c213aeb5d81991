// An invited person chooses how to sign in from now on, gets recovery codes, and is in.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fingerprint, KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { get, post } from "../api/client";
import { words } from "../api/problem";
import { shown } from "../lib/text";
import { Answer } from "../parts/states";
import { Notices } from "../shell/Notices";
import { Card, Steps } from "./Card";
import { Codes } from "./Codes";
import { Failed, focused } from "./Fields";
import { ROLE_WORDS } from "./may";
import { byName, deviceName, PasskeyError, passkeysHere } from "./passkey";
import { Password } from "./Password";
import { scopeWords } from "./scope";
import type { Who } from "./session";
import styles from "./session.module.css";
import { Totp } from "./Totp";
import type { PersonView } from "./types";
import { addPasskey, enrolled, leave } from "./ways";

export function Enrol({ who }: { who: Who }) {
  const me = useQuery({ queryKey: ["me"], queryFn: async ({ signal }) => (await get("/api/v1/me", undefined, { signal })) as PersonView, staleTime: 0 });
  const ready = me.data !== undefined && (me.data.passkeys > 0 || (me.data.has_password && me.data.has_totp));
  return (
    <>
      <Notices />
      <Card title={ready ? "Recovery codes" : `Welcome, ${shown(who.name, 60)}`} steps={<Steps at={ready ? 2 : 1} />} broad>
        <Answer of={me} lines={4} label="Asking what is set up">
          {(data) => (ready ? <Last name={who.name} /> : <Choose who={who} me={data} />)}
        </Answer>
        <div className={styles.others}><button type="button" className={styles.text} onClick={() => void leave()}>Leave; the invitation stays open</button></div>
      </Card>
    </>
  );
}

function Choose({ who, me }: { who: Who; me: PersonView }) {
  const [way, setWay] = useState<"password">();
  const client = useQueryClient();
  const renew = () => void client.invalidateQueries({ queryKey: ["me"] });
  const passkey = useMutation({ mutationFn: () => addPasskey(deviceName()), onSuccess: renew });
  if (way === "password")
    return (
      <>
        {me.has_password ? (
          <><h2>Now the authenticator app</h2><Totp onDone={renew} /></>
        ) : (
          <><h2>A password first, then an authenticator app</h2><Password name={who.name} action="Go on" onDone={renew} /></>
        )}
        <div className={styles.others}><button type="button" className={styles.text} onClick={() => setWay(undefined)}>Choose another way</button></div>
      </>
    );
  const here = passkeysHere();
  const elsewhere = byName();
  return (
    <>
      <p className="wrap">You are {/^[aeio]/.test(who.role) ? "an" : "a"} {who.role}: whoever has this role {ROLE_WORDS[who.role]}.{scopeWords(who.scope) !== "" && <> You see {scopeWords(who.scope)}.</>} How do you want to sign in?</p>
      <section className={styles.choice} aria-labelledby="by-passkey">
        <h2 id="by-passkey" className="row"><Fingerprint className="icon" aria-hidden />With a passkey</h2>
        <p className="muted">Your device, a security key or a password manager keeps it, and nobody can be lured into giving it away. The best choice where you have it.</p>
        {!here && <p className={styles.why}>{elsewhere ? `Passkeys need a name in the address, and this one is in figures. Leave, and open your invitation at ${elsewhere}.` : "This browser has no passkeys at this address: they need https and a name."}</p>}
        {passkey.error && <Failed>{passkey.error instanceof PasskeyError ? passkey.error.message : words(passkey.error).join(" ")}</Failed>}
        <button type="button" className={`button main ${styles.wide}`} disabled={!here || passkey.isPending} onClick={() => passkey.mutate()} ref={here ? focused : undefined}>
          <Fingerprint aria-hidden />{passkey.isPending ? "Waiting for your device…" : "Make a passkey"}
        </button>
      </section>
      <section className={styles.choice} aria-labelledby="by-password">
        <h2 id="by-password" className="row"><KeyRound className="icon" aria-hidden />With a password and an authenticator app</h2>
        <p className="muted">Works everywhere. The app shows a new code every 30 seconds.</p>
        <button type="button" className={`button ${styles.wide}`} onClick={() => setWay("password")}>Set a password</button>
      </section>
    </>
  );
}

function Last({ name }: { name: string }) {
  const [codes, setCodes] = useState<string[]>();
  const make = useMutation({ mutationFn: () => post<{ codes: string[] }>("/api/v1/me/recovery-codes", {}), onSuccess: (made) => setCodes(made.codes) });
  const finish = useMutation({ mutationFn: enrolled });
  const { mutate } = make;
  // Each call ends the codes before, so it is made once for as long as the page stands.
  useEffect(() => mutate(), [mutate]);
  const error = make.error ?? finish.error;
  return (
    <>
      {codes ? <Codes codes={codes} name={name} action="Go to the console" busy={finish.isPending} onKept={() => finish.mutate()} /> : !error && <p role="status">Making recovery codes…</p>}
      {error && <><Failed>{words(error).join(" ")}</Failed><button type="button" className="button" onClick={() => (make.error ? mutate() : finish.mutate())}>Try again</button></>}
    </>
  );
}
