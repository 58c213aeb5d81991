// Who is signed in where, and how to end it.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useMemo, useState } from "react";
import { remove } from "../../api/client";
import { counted, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Ago } from "../../parts/Ago";
import { Confirm, Plan } from "../../parts/Confirm";
import { type Column, DataTable } from "../../parts/DataTable";
import { Badge } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { useNarrow } from "../../parts/useNarrow";
import { useMay, useWho } from "../../session/may";
import { METHOD_WORDS } from "../../session/methods";
import { deviceName } from "../../session/passkey";
import type { SessionView } from "../../session/types";
import { leave } from "../../session/ways";
import * as ask from "./ask";
import { Head } from "./Head";

type Ending = { one: SessionView } | { others: SessionView[] };

/** What a program calls itself, short; all of it is in the title. */
const agent = (text: string | null): string => (text === null ? "not told" : /Mozilla\//.test(text) ? deviceName(text) : shown(text, 40));

/** What a telephone has room for: which one it is, and what to do with it. */
const NARROW: ReadonlySet<string> = new Set(["who", "agent", "act"]);

export function Sessions() {
  const open = useQuery({ ...ask.sessionsOpen, refetchInterval: 15_000 });
  const who = useWho();
  const all = useMay("read_people");
  const manage = useMay("manage_people");
  const [ending, setEnding] = useState<Ending>();
  const client = useQueryClient();
  const rows = useMemo(() => [...(open.data ?? [])].sort((a, b) => Number(b.current) - Number(a.current) || b.used_at.localeCompare(a.used_at)), [open.data]);
  const mine = rows.filter((row) => row.person === (who?.person ?? null) && !row.current);
  const narrow = useNarrow();
  const columns = useMemo<Column<SessionView>[]>(() => ([
    ...(all ? [{ id: "who", header: "Who", cell: ({ row }: { row: { original: SessionView } }) => <bdi title={shown(row.original.name, 200)}>{shown(row.original.name, 80)}</bdi>, meta: { width: "minmax(110px, 1fr)" } }] : []),
    { id: "role", header: "Role", cell: ({ row }) => row.original.role, meta: { width: "116px" } },
    { id: "agent", header: "Browser", cell: ({ row }) => <span title={shown(row.original.agent ?? "", 300)}>{agent(row.original.agent)}</span>, meta: { width: "minmax(132px, 1fr)" } },
    { id: "address", header: "From", cell: ({ row }) => <bdi>{shown(row.original.address ?? "not told", 60)}</bdi>, meta: { width: "104px" } },
    { id: "method", header: "Came in with", cell: ({ row }) => METHOD_WORDS[row.original.method], meta: { width: "158px" } },
    { id: "used", header: "Last used", cell: ({ row }) => <span title={`began ${moment(row.original.begun_at)}`}><Ago at={row.original.used_at} /></span>, meta: { width: "132px" } },
    { id: "ends", header: "Ends unused", cell: ({ row }) => <span title={`at the latest ${moment(row.original.ends_at)}`}><Ago at={row.original.idle_until} /></span>, meta: { width: "116px" } },
    {
      id: "act", header: () => <span className="hidden">Actions</span>, meta: { width: "104px" },
      cell: ({ row: { original: row } }) => row.current ? <Badge state="progress">this one</Badge>
        : manage || row.person === (who?.person ?? null) ? <button type="button" className="button plain" onClick={() => setEnding({ one: row })} aria-label={`End the session of ${shown(row.name, 60)}…`}>End…</button> : null,
    },
  ] as Column<SessionView>[]).filter(({ id }) => !narrow || NARROW.has(id)), [all, manage, who, narrow]);
  const done = () => {
    setEnding(undefined);
    void client.invalidateQueries({ queryKey: ["sessions"] });
  };
  return (
    <>
      <Head
        title="Sessions"
        sentence={open.data ? `${counted(rows.length, "session is", "sessions are")} open${all ? " on this server" : ""}. A session also ends by itself when it is not used.` : " "}
        tools={<><button type="button" className="button" disabled={mine.length === 0} onClick={() => setEnding({ others: mine })}>End my others…</button><button type="button" className="button" onClick={() => void leave()}><LogOut aria-hidden />Sign out</button></>}
      />
      {open.error && !open.data ? <Wrong error={open.error} again={() => void open.refetch()} /> : !open.data ? <Skeleton lines={6} label="Asking for sessions" /> : (
        <DataTable label="Sessions" columns={columns} rows={rows} keyOf={(row) => String(row.id)} empty={<Empty title="No session is open" />} />
      )}
      {ending && "one" in ending && (
        <Confirm title="End a session" action="End it" doing="Ending it…" onClose={() => setEnding(undefined)} onDone={done} run={() => remove("/api/v1/sessions/{id}", { id: ending.one.id })}>
          <Plan lines={[<>The session of <strong><bdi>{shown(ending.one.name, 100)}</bdi></strong> in {agent(ending.one.agent)}, from <bdi>{shown(ending.one.address ?? "an address that was not told", 60)}</bdi>, ends within a second.</>, "What was typed there and not sent is lost. They may sign in again; to keep somebody out, disable the account.", "It stands in the ledger with your name."]} />
        </Confirm>
      )}
      {ending && "others" in ending && (
        <Confirm title="End all my other sessions" action="End them" doing="Ending them…" onClose={() => setEnding(undefined)} onDone={done} run={async () => { for (const each of ending.others) await remove("/api/v1/sessions/{id}", { id: each.id }); }}>
          <Plan lines={[`${counted(ending.others.length, "other session")} of yours ${ending.others.length === 1 ? "ends" : "end"} within a second; this one goes on.`, "What was typed there and not sent is lost."]} />
        </Confirm>
      )}
    </>
  );
}
