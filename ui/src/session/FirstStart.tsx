// The owner of a server where nobody can sign in yet is led to set up the first administrator.
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { get, post } from "../api/client";
import { Refused, words } from "../api/problem";
import { shown } from "../lib/text";
import { Notices } from "../shell/Notices";
import { useGuard } from "./Again";
import { Card, Steps } from "./Card";
import { canEnter } from "./enter";
import { Failed, Field, focused } from "./Fields";
import { byName } from "./passkey";
import styles from "./session.module.css";
import type { Invitation, PersonView } from "./types";
import { withInvitation } from "./ways";

const KEY = "fathom.setup-later";

export function FirstStart({ children }: { children: ReactNode }) {
  const [later, setLater] = useState(() => sessionStorage.getItem(KEY) !== null);
  const people = useQuery({ queryKey: ["people"], enabled: !later, queryFn: async ({ signal }) => (await get("/api/v1/people", undefined, { signal })).people as PersonView[] });
  // Whatever is wrong with the question, the pages say it better.
  if (later || people.isError || people.data?.some(canEnter)) return <>{children}</>;
  if (!people.data) return null;
  return <Setup begun={people.data.find((each) => each.role === "administrator" && !each.disabled)} onLater={() => { sessionStorage.setItem(KEY, "1"); setLater(true); }} />;
}

interface Made { invitation: Invitation | null }

/** `begun` was added before, and its setup was left. */
function Setup({ begun, onLater }: { begun?: PersonView; onLater: () => void }) {
  const [name, setName] = useState(begun?.name ?? "");
  const named = byName();
  const { guard, dialog } = useGuard();
  const go = useMutation({
    mutationFn: async (elsewhere: boolean) => {
      const again = begun !== undefined && begun.name.toLowerCase() === name.trim().toLowerCase();
      const invitation = again
        ? await guard(() => post<Invitation>("/api/v1/people/{id}/invitation", {}, undefined, { id: begun.id }))
        : (await guard(() => post<Made>("/api/v1/people", { name: name.trim(), role: "administrator" }))).invitation;
      if (!invitation) return;
      if (elsewhere && named !== undefined) window.location.assign(named + invitation.path);
      else await withInvitation(invitation.token);
    },
  });
  const error = go.error;
  return (
    <>
      <Notices />
      {dialog}
      <Card title="Set up the first administrator" steps={<Steps at={0} />} broad>
        <p>{begun ? `The setup of ${shown(begun.name, 60)} was begun and not finished. Go on with it, or take another name.` : "You came in with the owner's token. From now on people sign in by themselves, and what they do stands under their names. Begin with yourself."}</p>
        <form className={styles.form} onSubmit={(event) => { event.preventDefault(); go.mutate(named !== undefined); }}>
          <Field
            label="Your name, as the ledger will show it" value={name} onChange={setName} autoComplete="username" required maxLength={100} spellCheck={false} ref={focused}
            wrong={error instanceof Refused && error.problem.parameter === "name" ? words(error).join(" ") : undefined}
          >
            You sign in with it too. An address of mail or a short name are both fine; it stays.
          </Field>
          {error && !(error instanceof Refused && error.problem.parameter === "name") && <Failed>{words(error).join(" ")}</Failed>}
          {named && <p className="small muted">Passkeys need a name in the address, so the next step opens at {named}, which is this same server.</p>}
          <button type="submit" className={`button main ${styles.wide}`} disabled={go.isPending || name.trim() === ""}>{go.isPending ? "Adding you…" : "Go on"}</button>
        </form>
        <div className={styles.others}>
          {named && <button type="button" className={styles.text} disabled={name.trim() === ""} onClick={() => go.mutate(false)}>Go on here, with a password</button>}
          <button type="button" className={styles.text} onClick={onLater}>Later: look around as the owner</button>
        </div>
      </Card>
    </>
  );
}
