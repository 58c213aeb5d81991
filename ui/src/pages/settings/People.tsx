// Who may come in, as what, and to which part of the estate.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { count, counted, shown } from "../../lib/text";
import { Ago, useNow } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { type Column, DataTable } from "../../parts/DataTable";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { canEnter, waysOf } from "../../session/enter";
import { May } from "../../session/may";
import { scopeWords } from "../../session/scope";
import type { PersonView } from "../../session/types";
import { AddPerson } from "./AddPerson";
import * as ask from "./ask";
import { Head } from "./Head";
import { Person, StateOf } from "./Person";
import styles from "./Settings.module.css";

export function People() {
  const all = useQuery(ask.people);
  const now = useNow();
  const { id } = useSearch({ from: "/settings/$part" });
  const navigate = useNavigate({ from: "/settings/$part" });
  const [adding, setAdding] = useState(false);
  const [search, setSearch] = useState("");
  const client = useQueryClient();
  const open = useCallback((person?: number) => void navigate({ search: (was) => ({ ...was, id: person }), replace: true }), [navigate]);
  const rows = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return (all.data ?? []).filter((row) => !wanted || row.name.toLowerCase().includes(wanted) || row.role.includes(wanted)).sort((a, b) => Number(a.disabled) - Number(b.disabled) || a.name.localeCompare(b.name));
  }, [all.data, search]);
  const columns = useMemo<Column<PersonView>[]>(() => [
    { id: "name", header: "Name", cell: ({ row }) => <button type="button" className={styles.name} onClick={() => open(row.original.id)}><bdi className="truncate" title={shown(row.original.name, 200)}>{shown(row.original.name, 80)}</bdi></button>, meta: { width: "minmax(150px, 1.2fr)" } },
    { id: "state", header: "State", cell: ({ row }) => <StateOf person={row.original} now={now} />, meta: { width: "122px" } },
    { id: "role", header: "Role", cell: ({ row }) => row.original.role, meta: { width: "116px" } },
    { id: "scope", header: "Sees", cell: ({ row }) => { const words = scopeWords(row.original.scope); return <span title={words}>{words || "everything"}</span>; }, meta: { width: "minmax(130px, 1fr)" } },
    { id: "ways", header: "Signs in with", cell: ({ row }) => waysOf(row.original), meta: { width: "minmax(130px, 0.8fr)" } },
    { id: "last", header: "Last sign-in", cell: ({ row }) => (row.original.last_signin_at ? <Ago at={row.original.last_signin_at} /> : <span className="muted">never</span>), meta: { width: "132px" } },
    { id: "sessions", header: "Sessions", cell: ({ row }) => count(row.original.sessions), meta: { width: "80px", number: true } },
  ], [now, open]);
  const chosen = all.data?.find((each) => each.id === id);
  const entering = (all.data ?? []).filter(canEnter).length;
  return (
    <>
      <Head
        title="People" sentence={all.data ? `${entering === 0 ? "Nobody" : counted(entering, "person", "people")} can sign in${all.data.length === 0 ? " so far" : ""}${all.data.length > entering ? `, ${count(all.data.length - entering)} cannot` : ""}.` : " "}
        tools={<><input className="input" data-search type="search" placeholder="Find a person" aria-label="Find a person" value={search} onChange={(event) => setSearch(event.target.value)} /><May do="manage_people"><button type="button" className="button main" onClick={() => setAdding(true)}><UserPlus aria-hidden />Add a person…</button></May></>}
      />
      {all.error && !all.data ? <Wrong error={all.error} again={() => void all.refetch()} /> : !all.data ? <Skeleton lines={8} label="Asking for people" /> : (
        <DataTable
          label="People" columns={columns} rows={rows} keyOf={(row) => String(row.id)} open={(row) => open(row.id)}
          empty={<div style={{ padding: "0 14px" }}><Empty title={search ? "Nobody fits" : "There is nobody yet"}>{!search && <><p>Only the owner's token opens this server.</p><CopyLine text="fathom people add NAME --role administrator" /></>}</Empty></div>}
        />
      )}
      {adding && <AddPerson onClose={() => { setAdding(false); void client.invalidateQueries({ queryKey: ["people"] }); }} />}
      {chosen && <Person person={chosen} onClose={() => open()} />}
    </>
  );
}
