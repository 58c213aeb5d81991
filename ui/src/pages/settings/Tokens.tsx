// API tokens: for programs, with a role, a scope and an end.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { post, remove } from "../../api/client";
import { counted, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Ago, useNow } from "../../parts/Ago";
import { Confirm, Plan } from "../../parts/Confirm";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { type Column, DataTable } from "../../parts/DataTable";
import { Dialog } from "../../parts/Dialog";
import { Badge } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { Field } from "../../session/Fields";
import { useMay, useWho } from "../../session/may";
import { rolesBelow } from "../../session/roles";
import { scopeWords } from "../../session/scope";
import type { Role, TokenView } from "../../session/types";
import * as ask from "./ask";
import { Head } from "./Head";
import { type Draft, draftOf, isEmpty, scopeOf } from "./draft";
import { RoleField, ScopeFields } from "./Scope";
import styles from "./Settings.module.css";

interface Made { token: TokenView; secret: string }

const stateOf = (token: TokenView, now: Date): "revoked" | "expired" | "works" =>
  token.revoked_at ? "revoked" : new Date(token.expires_at) <= now ? "expired" : "works";

export function Tokens() {
  const all = useQuery(ask.tokens);
  const who = useWho();
  const others = useMay("read_people");
  const manage = useMay("manage_people");
  const now = useNow();
  const [over, setOver] = useState<"make" | TokenView>();
  const client = useQueryClient();
  const rows = useMemo(() => [...(all.data ?? [])].sort((a, b) => Number(stateOf(b, now) === "works") - Number(stateOf(a, now) === "works") || b.created_at.localeCompare(a.created_at)), [all.data, now]);
  const columns = useMemo<Column<TokenView>[]>(() => [
    { id: "name", header: "Name", cell: ({ row }) => <bdi title={shown(row.original.name, 200)}>{shown(row.original.name, 80)}</bdi>, meta: { width: "minmax(140px, 1fr)" } },
    { id: "state", header: "State", cell: ({ row }) => { const state = stateOf(row.original, now); return <Badge state={state === "works" ? "understood" : "attention"}>{state}</Badge>; }, meta: { width: "104px" } },
    ...(others ? [{ id: "maker", header: "Made by", cell: ({ row }: { row: { original: TokenView } }) => <bdi>{shown(row.original.maker, 80)}</bdi>, meta: { width: "minmax(100px, 0.7fr)" } }] : []),
    { id: "role", header: "Role", cell: ({ row }) => row.original.role, meta: { width: "112px" } },
    { id: "scope", header: "Sees", cell: ({ row }) => scopeWords(row.original.scope) || "everything", meta: { width: "minmax(120px, 0.8fr)" } },
    { id: "made", header: "Made", cell: ({ row }) => <Ago at={row.original.created_at} />, meta: { width: "116px" } },
    { id: "expires", header: "Ends", cell: ({ row }) => <Ago at={row.original.expires_at} />, meta: { width: "116px" } },
    { id: "used", header: "Last used", cell: ({ row }) => (row.original.used_at ? <Ago at={row.original.used_at} /> : <span className="muted">never</span>), meta: { width: "116px" } },
    {
      id: "act", header: () => <span className="hidden">Actions</span>, meta: { width: "104px" },
      cell: ({ row: { original: row } }) => stateOf(row, now) === "works" && (manage || row.person === (who?.person ?? null)) ? <button type="button" className="button plain" onClick={() => setOver(row)} aria-label={`Revoke ${shown(row.name, 60)}…`}>Revoke…</button> : null,
    },
  ], [others, manage, who, now]);
  const renew = () => void client.invalidateQueries({ queryKey: ["tokens"] });
  const working = rows.filter((row) => stateOf(row, now) === "works").length;
  return (
    <>
      <Head
        title="API tokens" sentence={all.data ? `${working === 0 ? "" : `${counted(working, "token works", "tokens work")}. `}For programs: a token may do what its role may, for as long as its maker still may.` : " "}
        tools={<button type="button" className="button main" onClick={() => setOver("make")}><Plus aria-hidden />Make a token…</button>}
      />
      {all.error && !all.data ? <Wrong error={all.error} again={() => void all.refetch()} /> : !all.data ? <Skeleton lines={6} label="Asking for tokens" /> : (
        <DataTable label="API tokens" columns={columns} rows={rows} keyOf={(row) => String(row.id)} empty={<div style={{ padding: "0 14px" }}><Empty title="No token was made"><p>A program that asks this server needs one. People sign in by themselves.</p></Empty></div>} />
      )}
      {over === "make" && <Make onClose={() => { setOver(undefined); renew(); }} />}
      {typeof over === "object" && (
        <Confirm title="Revoke a token" action="Revoke it" doing="Revoking…" onClose={() => setOver(undefined)} onDone={() => { setOver(undefined); renew(); }} run={() => remove("/api/v1/tokens/{id}", { id: over.id })}>
          <Plan lines={[<>Whatever uses <strong><bdi>{shown(over.name, 100)}</bdi></strong> is refused from now on{over.used_at ? <>; it was used last <Ago at={over.used_at} /></> : "; nothing has used it so far"}.</>, "It cannot be brought back; another one can be made.", "It stands in the ledger with your name."]} />
        </Confirm>
      )}
    </>
  );
}

const DAYS = [7, 30, 90, 366] as const;

function Make({ onClose }: { onClose: () => void }) {
  const who = useWho();
  const below = rolesBelow(who?.role ?? "viewer");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState<number>(30);
  const [draft, setDraft] = useState<Draft>(who ? draftOf(who.scope) : {});
  const [made, setMade] = useState<Made>();
  const id = useId();
  if (made)
    return (
      <Dialog title="Your new token">
        <p>This is the only time that it is shown. Put it where the program reads its secrets.</p>
        <div className="row"><code className={`${styles.link} ${styles.wide}`}>{made.secret}</code><CopyButton text={made.secret} what="Copy the token" /></div>
        <p className="muted">It works until {moment(made.token.expires_at)}, as {made.token.role}. To try it, with the token in the variable FATHOM_TOKEN:</p>
        <CopyLine text={`curl -H "Authorization: Bearer $FATHOM_TOKEN" ${window.location.origin}/api/v1/summary`} />
        <div><button type="button" className="button main" onClick={onClose}>I kept it</button></div>
      </Dialog>
    );
  return (
    <Confirm
      title="Make an API token" action="Make it" doing="Making it…" wide disabled={name.trim() === "" || isEmpty(draft)} onClose={onClose} onDone={() => undefined}
      run={async () => setMade(await post<Made>("/api/v1/tokens", { name: name.trim(), role, scope: scopeOf(draft), days }))}
    >
      <Field label="What uses it" value={name} onChange={setName} required maxLength={100} spellCheck={false} placeholder="nightly report" />
      <RoleField role={role} onChange={setRole} among={below} />
      {role !== "administrator" && <ScopeFields draft={draft} onChange={setDraft} most={who?.scope} />}
      <label htmlFor={id} className="small">Works for</label>
      <div><select id={id} className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>{DAYS.map((each) => <option key={each} value={each}>{each === 366 ? "a year" : `${each} days`}</option>)}</select></div>
      <p className="small muted">No token may change people, tokens or an account, whatever its role.</p>
    </Confirm>
  );
}
