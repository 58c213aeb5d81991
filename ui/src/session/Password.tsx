// A new password, typed twice.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { put } from "../api/client";
import { words } from "../api/problem";
import { Failed, Field, focused } from "./Fields";
import styles from "./session.module.css";

/** What the server asks of a password at least; it decides by itself. */
const LENGTH_MIN = 12;

export function Password({ name, action, onDone, guard = (act) => act() }: { name: string; action: string; onDone: () => void; guard?: <T>(act: () => Promise<T>) => Promise<T> }) {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const set = useMutation({ mutationFn: () => guard(() => put("/api/v1/me/password", { password })), onSuccess: onDone });
  const other = again !== "" && again.length >= password.length && again !== password;
  return (
    <form className={styles.form} onSubmit={(event) => { event.preventDefault(); set.mutate(); }}>
      {/* Password managers keep it under this name. */}
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      <Field label="New password" value={password} onChange={setPassword} type="password" autoComplete="new-password" required minLength={LENGTH_MIN} maxLength={256} ref={focused}>
        At least {LENGTH_MIN} characters, without your name. A few unrelated words are easier to keep than signs.
      </Field>
      <Field label="The same again" value={again} onChange={setAgain} type="password" autoComplete="new-password" required maxLength={256} wrong={other ? "The two differ." : undefined} />
      {set.error && <Failed>{words(set.error).join(" ")}</Failed>}
      <button type="submit" className={`button main ${styles.wide}`} disabled={set.isPending || password.length < LENGTH_MIN || password !== again}>{set.isPending ? "Setting it…" : action}</button>
    </form>
  );
}
