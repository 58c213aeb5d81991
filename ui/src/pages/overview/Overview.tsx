// The first page: how much is not understood, is it getting better, what to do next.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight, TrendingDown, TrendingUp } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";
import * as ask from "../../api/queries";
import type { Count, Summary } from "../../api/types";
import { patient } from "../../lib/patient";
import { count, counted, list, percent } from "../../lib/text";
import { Ago, useNow } from "../../parts/Ago";
import { CopyButton } from "../../parts/Copy";
import { Door } from "../../parts/Door";
import { useAt } from "../../parts/time";
import { StartScan } from "../../parts/StartScan";
import { Badge, Share } from "../../parts/state";
import { Answer, Empty, Skeleton, Wrong } from "../../parts/states";
import { useMay, useWhole } from "../../session/may";
import { NothingForYou } from "../../session/NothingForYou";
import { By } from "./By";
import { Changed } from "./Changed";
import { LastScan } from "./LastScan";
import { type Group, nextSteps, PARTS } from "./next";
import styles from "./Overview.module.css";
import { Worst } from "./Worst";

const Chart = lazy(() => patient(() => import("../../parts/Chart")));

export function Overview() {
  const at = useAt();
  const summary = useQuery(ask.summary(at));
  const whole = useWhole();
  return (
    <div className={styles.page}>
      {summary.data === undefined && <h1>Overview</h1>}
      <Answer of={summary} lines={8} label="Asking how much is understood">
        {(data) => (!data.last_scan ? <><h1>Overview</h1><NothingYet /></> : data.all.resources.value === 0 && !whole ? <><h1>Overview</h1><NothingForYou>{null}</NothingForYou></> : <Known summary={data} />)}
      </Answer>
    </div>
  );
}

function NothingYet() {
  return (
    <Empty title="Nothing was scanned yet">
      <p>A scan reads your cloud and changes nothing in it. It ends with what was seen, what is understood, and the list of what nobody can explain.</p>
      <StartScan first main />
      <p>Without an account at hand: <code>fathom scan --sample</code> in this server's data directory.</p>
    </Empty>
  );
}

function Known({ summary }: { summary: Summary }) {
  const { all } = summary;
  const at = useAt();
  const past = at.as_of !== undefined;
  return (
    <>
      <section className={styles.head} aria-labelledby="answer">
        <div className={styles.figure}>
          <h1 id="answer">
            <span className={styles.big}>{percent(all.understood.value, all.resources.value)}</span>
            <span>understood</span>
          </h1>
          <Share understood={all.understood.value} all={all.resources.value} label="All" />
          <p>
            <Link to="/resources" search={{ understood: true, ...at }}>{count(all.understood.value)}</Link> of <Link to="/resources" search={at}>{counted(all.resources.value, "resource")}</Link>;{" "}
            <Link to="/unexplained" search={at} className={styles.strong}>{count(all.not_understood.value)} nobody can explain</Link>
            {summary.accepted > 0 && <>, <Link to="/unexplained" search={{ include_accepted: true, ...at }}>{count(summary.accepted)} of them accepted</Link></>}
            {summary.exposed.value > 0 && <>; <Link to="/resources" search={{ exposed: true, ...at }}>{count(summary.exposed.value)} exposed</Link></>}
          </p>
          {!past && <Movement />}
        </div>
        <TrendLine until={summary.as_of?.at ?? undefined} />
      </section>
      {!past && <Next summary={summary} />}
      <div className={styles.columns}>
        <div className={styles.column}><By summary={summary} /><Changed /></div>
        <div className={styles.column}><Worst total={summary.unknowns.value} />{!past && <LastScan summary={summary} />}</div>
      </div>
    </>
  );
}

/** Is it getting better: the last scan beside the one before. Nothing while that is not known; what failed is said where the line would be. */
export function Movement() {
  const { data } = useQuery(ask.trend());
  if (!data) return null;
  const [before, last] = data.trend.slice(-2);
  if (!before || !last) return <p className="muted">One scan so far; the second shows which way it goes.</p>;
  const gaps = last.resources - last.understood - (before.resources - before.understood);
  const Icon = gaps > 0 ? TrendingUp : TrendingDown;
  if (gaps === 0) return <p className="muted">As many unexplained as at the scan before (<Ago at={before.at} />).</p>;
  return (
    <p className={gaps > 0 ? styles.worse : styles.better}>
      <Icon className="icon" aria-hidden /><span>{count(Math.abs(gaps))} {gaps > 0 ? "more" : "fewer"} unexplained than one scan before, <Ago at={before.at} /></span>
    </p>
  );
}

export function TrendLine({ until }: { until?: string }) {
  const trend = useQuery(ask.trend());
  const all = trend.data?.trend;
  const rows = useMemo(() => (until ? all?.filter((row) => Date.parse(row.at) <= Date.parse(until)) : all), [all, until]);
  const series = useMemo(() => {
    const points = (rows ?? []).filter((row) => row.share !== null && row.share !== undefined);
    return { at: points.map((row) => Date.parse(row.at) / 1000), lines: [{ label: "understood", values: points.map((row) => Math.round((row.share ?? 0) * 1000) / 10), unit: " %", token: "--understood" }] };
  }, [rows]);
  if (!all && trend.error) return <div><Wrong error={trend.error} again={() => void trend.refetch()} /></div>;
  if (rows && series.at.length < 2) return <div />;
  const ends = [series.lines[0]?.values[0], series.lines[0]?.values.at(-1)];
  return (
    <figure className={styles.trend}>
      <figcaption className="small muted">Understood, scan by scan</figcaption>
      <Suspense fallback={<Skeleton lines={2} />}>
        {rows ? <Chart at={series.at} lines={series.lines} height={124} label={`Share understood over ${counted(series.at.length, "scan")}: from ${ends[0]} % to ${ends[1]} %`} /> : <Skeleton lines={2} />}
      </Suspense>
    </figure>
  );
}

/** The kind with most gaps, the part that is missing most often in it, and the account where: each asked of what the one before left. */
function useGroup(): { group: Group | undefined; ready: boolean; failed: boolean } {
  const of = (counts: Count[] | undefined) => counts?.find((each) => each.count > 1)?.value;
  const kinds = useQuery(ask.unknownFacets({}));
  const type = of(kinds.data?.type);
  const parts = useQuery({ ...ask.unknownFacets({ type: [type ?? ""] }), enabled: type !== undefined });
  const account = of(parts.data?.account);
  const part = parts.data?.gap.find((each) => PARTS.includes(each.value))?.value;
  const narrow = type !== undefined && account !== undefined && part !== undefined;
  const last = useQuery({ ...ask.unknownFacets({ type: [type ?? ""], account: [account ?? ""], gap: [part ?? ""] }), enabled: narrow });
  const total = last.data?.total;
  const failed = [kinds, parts, last].some((each) => each.error && !each.data);
  return {
    group: narrow && total !== undefined ? { part, type, account, count: total } : undefined, failed,
    ready: failed || (kinds.data !== undefined && (type === undefined || (parts.data !== undefined && (!narrow || last.data !== undefined)))),
  };
}

export function Next({ summary }: { summary: Summary }) {
  const worst = useQuery(ask.worst(10));
  const { group, ready: grouped, failed } = useGroup();
  const acceptances = useQuery(ask.acceptances);
  const first = useQuery(ask.firstToFix);
  const now = useNow();
  const whole = useWhole();
  const mayScan = useMay("scan") && whole;
  const ready = grouped && [worst, acceptances, first].every((each) => each.data !== undefined || each.error);
  const steps = nextSteps({ summary, now, mayScan, worst: worst.data?.unknowns ?? [], acceptances: acceptances.data?.acceptances ?? [], groups: group ? [group] : [], first: first.data });
  const missed = [...(worst.error && !worst.data ? ["the worst of the list"] : []), ...(failed ? ["what is missing most often"] : []), ...(acceptances.error && !acceptances.data ? ["which acceptances end"] : [])];
  return (
    <section aria-labelledby="next" className="stack">
      <h2 id="next">Next</h2>
      {!ready ? <Skeleton lines={3} label="Working out what to do next" /> : steps.length === 0 ? missed.length === 0 && <p className="muted">Nothing is open. Everything seen is understood or accepted.</p> : (
        <ol className={styles.steps}>
          {steps.map((step, at) => (
            <li key={step.key}>
              <span className={styles.place}>{at + 1}</span>
              <div className="stack">
                <h3 className="wrap">{step.title}</h3>
                <p className="small muted wrap">{step.why}</p>
                <div className="row"><Door to={step.to} className="button">{step.action}<ArrowRight aria-hidden /></Door><CopyButton text={step.cli} what={`Copy the command: ${step.cli.slice(0, 120)}`} /></div>
              </div>
            </li>
          ))}
        </ol>
      )}
      {ready && missed.length > 0 && <p className="row wrapped"><Badge state="unknown">not all is known</Badge><span className="muted">It could not be asked {list(missed)}.</span></p>}
    </section>
  );
}
