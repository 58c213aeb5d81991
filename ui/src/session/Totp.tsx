// An authenticator app is set up: picture, secret to type instead, and a code as the proof that it works.
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { post } from "../api/client";
import { Refused, words } from "../api/problem";
import { patient } from "../lib/patient";
import { CopyButton } from "../parts/Copy";
import { Skeleton, Wrong } from "../parts/states";
import { CodeField, figures, focused } from "./Fields";
import styles from "./session.module.css";

const Qr = lazy(() => patient(() => import("../parts/Qr")));

interface Begun { secret: string; address: string }

/** `guard` runs what may need a newer sign-in. The secret is asked for once, and forgotten with the page. */
export function Totp({ onDone, guard = (act) => act() }: { onDone: () => void; guard?: <T>(act: () => Promise<T>) => Promise<T> }) {
  const [code, setCode] = useState("");
  // A question that changes something, but only once for as long as it is looked at.
  const begun = useQuery({
    queryKey: ["me", "totp"], queryFn: () => guard(() => post<Begun>("/api/v1/me/totp", {})), // Whatever renews all questions would make another secret than the one on the telephone.
    staleTime: "static", gcTime: 0, retry: false, refetchOnReconnect: false,
  });
  const confirm = useMutation({ mutationFn: () => guard(() => post("/api/v1/me/totp/confirm", { code: figures(code) })), onSuccess: onDone, onError: () => setCode("") });
  if (begun.error) return <Wrong error={begun.error} again={() => void begun.refetch()} />;
  if (!begun.data) return <Skeleton lines={3} label="Making a secret" />;
  const { secret, address } = begun.data;
  const wrong = confirm.error instanceof Refused && confirm.error.problem.code === "code_refused" ? "This code does not fit, or was used. Wait for the next one; does the device show the right time?" : confirm.error ? words(confirm.error).join(" ") : undefined;
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); confirm.mutate(); }}>
      <div className={styles.totp}>
        <Suspense fallback={<div className={styles.drawing}><Skeleton lines={3} label="Drawing" /></div>}><Qr text={address} label="The secret as a QR code, for an authenticator app" /></Suspense>
        <div className="stack">
          <p>Scan this with an authenticator app. Without a camera, type the secret:</p>
          <div className="row"><code className={styles.secret}>{secret.match(/.{1,4}/g)?.join(" ")}</code><CopyButton text={secret} what="Copy the secret" /></div>
        </div>
      </div>
      <CodeField label="The code that the app shows now" value={code} onChange={setCode} required ref={focused} wrong={wrong} />
      <button type="submit" className={`button main ${styles.wide}`} disabled={confirm.isPending || figures(code).length < 6}>{confirm.isPending ? "Comparing…" : "Confirm"}</button>
    </form>
  );
}
