// The estate beside the code that declares it.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { Refused } from "../../api/problem";
import * as ask from "../../api/queries";
import { type Count, type Verdict, VERDICTS } from "../../api/types";
import { onlyThese } from "../../lib/sqltext";
import { count, counted, kind, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { Field } from "../../parts/Field";
import { List } from "../../parts/List";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { useWhole } from "../../session/may";
import { NothingForYou } from "../../session/NothingForYou";
import styles from "./Drift.module.css";
import { DriftRow } from "./DriftRow";
import { VERDICT } from "./words";

const EXAMPLE = "terraform_states: [prod.tfstate]\nterraform_plans: []\ncloudformation_templates:\n  - { file: shop.yaml, stack: shop-production }\n";
const LISTS = ["type", "account", "region", "file"] as const;

export function Code({ choice }: { choice: ReactNode }) {
  const whole = useWhole();
  const search = useSearch({ from: "/drift" });
  const navigate = useNavigate({ from: "/drift" });
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const verdict = search.verdict?.filter((each): each is Verdict => VERDICTS.includes(each as Verdict));
  const query = { verdict, type: search.type, account: search.account, region: search.region, file: search.file, search: search.search };
  const pages = useInfiniteQuery({
    queryKey: ["drift", query], initialPageParam: undefined as number | undefined, placeholderData: keepPreviousData,
    queryFn: ({ signal, pageParam }) => ask.drift({ ...query, cursor: pageParam, limit: 100 }, signal), getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const first = pages.data?.pages[0];
  const active = LISTS.reduce((sum, name) => sum + (search[name]?.length ?? 0), 0) + (verdict?.length ?? 0);
  // Verdicts, files and words that are searched for cannot be said in a command.
  const narrow = verdict?.length || search.file?.length || search.search ? undefined : onlyThese({ type: search.type, account: search.account, region: search.region });
  const told = first?.state === "compared";
  // To whom nothing belongs, nothing was compared.
  const nothing = told && !whole && VERDICTS.every((each) => first.counts[each] === 0);
  const open = first ? (["drifted", "missing", "undeclared"] as const).filter((each) => first.counts[each] > 0).map((each) => VERDICT[each].many(count(first.counts[each]))) : [];
  return (
    <List
      title="Drift" active={active}
      sentence={told && !nothing ? <>{open.length ? open.join(", ") : "Everything declared is as declared"}; {counted(first.attributes_compared, "attribute")} compared{first.as_of.scan > 0 && <>, as of scan {first.as_of.scan}</>}, <Ago at={first.compared_at} /></> : " "}
      facets={told && !nothing ? LISTS.map((name) => <Facet key={name} title={{ type: "Kind", account: "Account", region: "Region", file: "File" }[name]} options={options(first.facets[name], name)} chosen={search[name] ?? []} onChange={(chosen) => set({ [name]: chosen.length ? chosen : undefined })} />) : undefined}
      tools={
        <>
          {choice}
          {told && !nothing && <Field value={search.search} onChange={(value) => set({ search: value })} label="Search name, id or address" wide search />}
          {(active > 0 || search.search) && <button type="button" className="button plain" onClick={() => void navigate({ search: {}, replace: true })}><X aria-hidden />Clear filters</button>}
        </>
      }
    >
      {!first && pages.error instanceof Refused && pages.error.problem.code === "not_found" ? <Empty title="Nothing was scanned yet"><p>What was not seen cannot be compared with the code.</p><StartScan /></Empty>
        : pages.error && !first ? <Wrong error={pages.error} again={() => void pages.refetch()} /> : !first ? <Skeleton lines={14} label="Comparing the estate with the code; a large one takes a while" />
        : first.state === "no_code" ? (
          <Empty title="No code is named that could be compared">
            <p className="wrap">{shown(first.hint ?? "", 500) || "Name Terraform states, plans or CloudFormation templates in fathom.yaml, and each scan compares what is there with what they declare."}</p>
            <div><pre className={styles.yaml}>{EXAMPLE}</pre><CopyButton text={EXAMPLE} what="Copy these lines" /></div>
            <CopyLine text="fathom drift --terraform-state prod.tfstate" />
          </Empty>
        ) : (
          <>
            {nothing ? <NothingForYou>{null}</NothingForYou> : <div className={styles.counts} role="group" aria-label="Only these">
              {VERDICTS.map((each) => (
                <button key={each} type="button" aria-pressed={verdict?.includes(each) ?? false} onClick={() => set({ verdict: verdict?.includes(each) ? (verdict.length > 1 ? verdict.filter((other) => other !== each) : undefined) : [...(verdict ?? []), each] })}>
                  <strong>{count(first.counts[each])}</strong><span>{VERDICT[each].name}</span>
                </button>
              ))}
            </div>}
            {[...first.notes, ...first.left_out].slice(0, 20).map((note) => <p key={note} className="small muted wrap">{shown(note, 300)}</p>)}
            {nothing ? null : rows.length === 0 ? <Empty title={active || search.search ? "Nothing with these filters" : "Nothing drifted"}><p>{active || search.search ? "Clear the filters to see the rest." : "Everything that is declared is there, as declared, and nothing else is."}</p></Empty> : (
              <ul className={styles.list} aria-label="Compared resources">
                {rows.map((row, at) => <li key={row.uid ?? `${row.declared_by[0]?.address ?? ""} ${at}`}><DriftRow row={row} /></li>)}
                {pages.hasNextPage && <li><button type="button" className="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{pages.isFetchingNextPage ? "Fetching…" : `More of ${count(first.total)}`}</button></li>}
              </ul>
            )}
            <div className="row wrapped">{narrow !== undefined && <CopyLine text={`fathom drift${narrow}`} />}<Link to="/drift" search={{ tab: "baseline" }} className="link small">Compare with an approved state instead</Link></div>
          </>
        )}
    </List>
  );
}

// What is in no file cannot be asked for in the address.
const options = (counts: Count[] | undefined, name: string) => (counts ?? []).filter((each) => each.value !== "").map((each) => ({ ...each, name: name === "type" ? kind(each.value) : undefined }));
