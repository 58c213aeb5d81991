// One end and another: whether it is reached and by which way; with one end open, everybody at once.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { get } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { AsOf, Missing, More, Says, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Empty } from "../../parts/states";
import { type Asked, Ends } from "./Ends";
import { Way } from "./Hops";
import styles from "./Network.module.css";
import { called, hasPorts, packet, type Ports, range, reachLine, sentence, service, why } from "./words";

const BRINGS = "networks, servers, their groups, and the ways between them";

export function Reach({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { from, to, port, protocol: protocols } = useSearch({ from: "/network" });
  const navigate = useNavigate({ from: "/network" });
  const asked: Asked = { from, to, port, protocol: protocols?.[0] ?? "tcp" };
  const set = (next: Partial<Asked>) => void navigate({
    search: (was) => {
      const { protocol, ...rest } = { ...asked, ...next };
      return { as_of: was.as_of, since: was.since, view: "reach", ...rest, protocol: protocol === "tcp" ? undefined : [protocol] };
    },
  });
  const key = JSON.stringify(asked);
  return (
    <div className={styles.page}>
      <div className="row wrapped"><h1>Network</h1></div>
      <div className={styles.views}>{views}</div>
      {note}
      <Ends asked={asked} set={set} />
      <section className={styles.answer} aria-label="Answer" key={key}>
        <Answer asked={asked} set={set} />
      </section>
      {from && to && <CopyLine text={reachLine({ from, to, protocol: asked.protocol, port })} />}
    </div>
  );
}

function Answer({ asked, set }: { asked: Asked; set: (next: Partial<Asked>) => void }) {
  const { from, to, protocol, port } = asked;
  if (from && to) return <Between from={from} to={to} protocol={protocol} port={port} />;
  const one = to ?? from;
  if (!one) return <Empty title="Name one end, or both"><p>With both, the way between them is shown, with the rule that lets a packet pass or holds it up. With one, everybody who reaches it, or everything that it reaches.</p></Empty>;
  if (hasPorts(protocol) && port === undefined) return <WhichPort onPick={(next) => set({ port: next })} />;
  return <Around text={one} isTo={to !== undefined} protocol={protocol} port={port} />;
}

const USUAL = [22, 80, 443, 3306, 3389, 5432, 6379];

function WhichPort({ onPick }: { onPick: (port: number) => void }) {
  return (
    <Empty title="On which port?">
      <p>Everybody at once is asked of one port. Write it above, or take one of these.</p>
      <div className="row wrapped">{USUAL.map((each) => <button key={each} type="button" className="button" onClick={() => onPick(each)}>{each} <span className="small muted">{service(String(each))}</span></button>)}</div>
    </Empty>
  );
}

export function Between({ from, to, protocol, port }: { from: string; to: string; protocol: string; port?: number }) {
  const asked = useQuery({ queryKey: ["network", "reach", from, to, protocol, port], queryFn: ({ signal }) => get("/api/v1/network/reach", { from, to, protocol, port }, { signal }) });
  if (!asked.data) return <Missing of={asked} label="Walking the way there and back" brings={BRINGS} />;
  const { data } = asked;
  const one = data.answers[0];
  if (!one) return <Empty title="Nothing to ask"><p>No port is anything there: a load balancer listens on none of this protocol.</p></Empty>;
  if (data.answers.length > 1 || (hasPorts(protocol) && port === undefined)) {
    const open = data.answers.filter((each) => each.verdict !== "no");
    const closed = data.answers.filter((each) => each.verdict === "no");
    const told = open.map((each) => `${range(each)}${each.verdict === "yes" ? "" : ` (${each.verdict === "only_if" ? "only if" : "not known"})`}`);
    return (
      <>
        <p className="wrap"><strong>{open.length === 0 ? `${called(data.to)} is reached from ${called(data.from)} on no port of ${shown(protocol, 20)}.` : `${called(data.to)} is reached from ${called(data.from)} on ${shown(protocol, 20)} ${told.slice(0, 12).join(", ")}${told.length > 12 ? ` and ${told.length - 12} more` : ""}.`}</strong> <AsOf of={data.as_of} /></p>
        {open.length > 0 && <Ranges label="Ports that are open, or may be" rows={open} first />}
        {closed.length > 0 && <Ranges label="Ports that are closed" rows={closed} first={open.length === 0} />}
        {data.total > data.answers.length && <p className="small muted">{count(data.total - data.answers.length)} more ranges of ports are not told; name a port.</p>}
      </>
    );
  }
  return (
    <>
      <p className={styles.sentence}><Says decision={one.verdict} /><span className="wrap"><strong>{sentence(one, data.from, data.to, packet(protocol, one))}</strong> <AsOf of={data.as_of} /></span></p>
      <Way path={one} />
    </>
  );
}

const RANGES = 20;

function Ranges({ label, rows, first }: { label: string; rows: Ports[]; first: boolean }) {
  const [all, setAll] = useState(false);
  return (
    <section className="stack" aria-label={label}>
      <h3>{label}</h3>
      <ul className={styles.rows} aria-label={label}>
        {rows.slice(0, all ? undefined : RANGES).map((row, at) => (
          <li key={`${row.first}`}>
            <details open={first && at === 0 && rows.length === 1}>
              <summary><Says decision={row.verdict} /><strong className={styles.range}>{range(row)}</strong><span className="small muted wrap">{shown(why(row), 300)}</span></summary>
              <Way path={row} />
            </details>
          </li>
        ))}
      </ul>
      {!all && rows.length > RANGES && <div><button type="button" className="button" onClick={() => setAll(true)}>{count(rows.length - RANGES)} more</button></div>}
    </section>
  );
}

export function Around({ text, isTo, protocol, port }: { text: string; isTo: boolean; protocol: string; port?: number }) {
  const rest = { protocol, port };
  const pages = usePages(["network", "around", text, isTo, protocol, port], (cursor, signal) =>
    isTo ? get("/api/v1/network/who-reaches", { ...rest, to: text, cursor }, { signal }) : get("/api/v1/network/what-reaches", { ...rest, from: text, cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label={isTo ? "Asking everybody" : "Asking about everything"} brings={BRINGS} />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const { counts, place, internet } = first;
  const what = packet(protocol, { first: port, last: port });
  const other = (id: string) => ({ view: "reach" as const, from: isTo ? id : text, to: isTo ? text : id, protocol: protocol === "tcp" ? undefined : [protocol], port });
  return (
    <>
      <h2>{isTo ? `Who reaches ${called(place)} with ${what}?` : `What does ${called(place)} reach with ${what}?`}</h2>
      <p className="wrap"><strong>{first.total === 0 ? "No network interface that was asked about." : `${count(counts.yes)} ${isTo ? "reach it" : "are reached"}, ${count(counts.only_if)} only if, ${count(counts.unknown)} not known.`}</strong> {counted(first.asked, "network interface")} asked about, {count(counts.no)} {isTo ? "cannot" : "are not"}. <AsOf of={first.as_of} /></p>
      <p className={styles.sentence}><Says decision={internet} /><span>{isTo ? "The internet reaches it: " : "It reaches the internet: "}<Link to="/network" search={other("internet")} className="link">the way</Link></span></p>
      {rows.length > 0 && (
        <div className={styles.scroller} role="region" aria-label={isTo ? "Who reaches it, scrolls" : "What it reaches, scrolls"} tabIndex={0}>
          <table className={styles.table} aria-label={isTo ? "Who reaches it" : "What it reaches"}>
            <thead><tr><th scope="col">{isTo ? "Who" : "What"}</th><th scope="col">Answer</th><th scope="col">Addresses</th><th scope="col">Where</th><th scope="col">Proof</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <th scope="row">
                    <span className={styles.two}>
                      {row.server ? (row.server.uid ? <Link to="/resource" search={{ uid: row.server.uid }} className="wrap"><bdi>{shown(row.server.name ?? row.server.id, 160)}</bdi></Link> : <bdi className="wrap">{shown(row.server.name ?? row.server.id, 160)}</bdi>) : <bdi className="wrap">{shown((row.name ?? row.description) || row.id, 160)}</bdi>}
                      <span className="small muted wrap">{row.uid ? <Link to="/resource" search={{ uid: row.uid }}>{shown(row.id, 60)}</Link> : shown(row.id, 60)}</span>
                    </span>
                  </th>
                  <td data-name="Answer"><Says decision={row.verdict} /></td>
                  <td data-name="Addresses"><span className={styles.two}>{row.addresses.slice(0, 3).map((each) => <code key={each}>{each}</code>)}{row.addresses.length > 3 && <span className="small muted">and {row.addresses.length - 3} more</span>}</span></td>
                  <td data-name="Where"><span className={styles.two}><span>{shown(row.account, 20)}</span><span className="small muted wrap">{shown(row.region, 40)}</span>{row.vpc && <span className="small muted">{shown(row.vpc, 40)}</span>}</span></td>
                  <td data-name="Proof"><Link to="/network" search={other(row.id)} className="link">The way</Link></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More pages={pages} />
    </>
  );
}
