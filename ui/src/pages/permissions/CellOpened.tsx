// What one cell of the grid stands for: the resources, what may be done to them, and the way to each proof.
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { get } from "../../api/client";
import { count, counted, kind, shown } from "../../lib/text";
import { Empty } from "../../parts/states";
import { Missing, Named, usePages } from "./Answers";
import type { Narrowed } from "./GridFilters";
import { rowAccount, rowName } from "./grid";
import { Matrix, type MatrixRow } from "./Matrix";
import { Gaps, More } from "./parts";
import { short } from "./words";

interface Props { principal: string; cell: string; filter: Narrowed; close: () => void }

export function CellOpened({ principal, cell, filter, close }: Props) {
  const { by, type, owner, on, access } = filter;
  const query = {
    principal, kind: access,
    ...(by === "resource" ? { resource: [cell] } : { on, resource_type: by === "type" ? [cell] : type, resource_account: by === "account" ? [cell] : owner }),
  };
  const pages = usePages(["what-can", query], (cursor, signal) => get("/api/v1/permissions/what-can", { ...query, cursor }, { signal }));
  const first = pages.data?.pages[0];
  const what = by === "type" ? kind(cell) : by === "account" ? `account ${shown(cell, 40)}` : shown(cell.split(":").slice(5).join(":") || cell, 200);
  const rows = (pages.data?.pages.flatMap((page) => page.rows) ?? []).map((row, at): MatrixRow => ({
    key: String(at), permitted: row.permitted, withKey: row.with_key, name: `to ${counted(row.count, kind(row.resource_type ?? ""))}`, proof: { principal, kind: first?.principal.kind, resource: row.resources[0] ?? "*" },
    head: <Named type={row.resource_type ?? ""} resources={row.resources} all={row.count} />,
  }));
  return (
    <>
      <div className="row spread"><h3 className="wrap"><bdi title={shown(principal, 400)}>{first ? rowName(first.principal) : short(principal)}</bdi> {first && <span className="muted">of {shown(rowAccount(first.principal), 20)} </span>}on <bdi>{what}</bdi></h3><button type="button" className="button plain" onClick={close}><X aria-hidden />Close</button></div>
      {!first ? <Missing of={pages} label="Asking about these resources" /> : (
        <>
          {by !== "resource" && <p className="wrap"><strong>Something on {counted(first.counts.allowed, "resource")}, only if on {count(first.counts.only_if)}, not known on {count(first.counts.unknown)}</strong>, nothing on {count(first.counts.denied)}.</p>}
          {rows.length === 0 ? <Empty title="Nothing"><p>It may do nothing of what was asked about.</p></Empty> : <Matrix rows={rows} title="On" label="What the cell stands for" />}
          <More pages={pages} />
          <p className="row wrapped small"><Link to="/permissions" search={{ principal }} className="link">All it can do</Link>{by === "resource" && <Link to="/permissions" search={{ resource: cell }} className="link">Who else can do what to it</Link>}{first.principal.kind !== "root" && <Link to="/permissions" search={{ view: "unused", principal }} className="link">What it needs</Link>}</p>
          <Gaps gaps={first.gaps} />
        </>
      )}
    </>
  );
}
