// Which rows, which columns and which kinds of access the grid is about.
import { useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import * as ask from "../../api/queries";
import { counted, kind, shown } from "../../lib/text";
import { Facet, type Option } from "../../parts/Facets";
import { Field } from "../../parts/Field";
import { Menu } from "../../parts/Menu";
import { Tabs } from "../../parts/Tabs";
import { BY, type By, LETTERS } from "./grid";
import styles from "./Grid.module.css";
import { ACCESS, type Access } from "./words";

type Member = "root" | "user" | "role";
export interface Narrowed { by: By; account?: string[]; principal_kind?: Member[]; who?: string; type?: string[]; owner?: string[]; on?: string; access?: Access[] }

const MEMBERS: readonly (readonly [Member, string])[] = [["root", "root users"], ["user", "users"], ["role", "roles"]];

interface Props { filter: Narrowed; set: (next: Partial<Narrowed>) => void }

/** One of a list taken in, or out where it is there; nothing where none is left. */
function turned<T>(all: T[] | undefined, one: T): T[] | undefined {
  const next = all?.includes(one) ? all.filter((each) => each !== one) : [...(all ?? []), one];
  return next.length ? next : undefined;
}

export function Filters({ filter, set }: Props) {
  const facets = useQuery(ask.facets({}));
  const accounts = (facets.data?.account ?? []).map((each): Option => ({ ...each, name: each.label ? `${shown(each.label, 60)} (${each.value})` : undefined }));
  const types = (facets.data?.type ?? []).map((each): Option => ({ ...each, name: kind(each.value) }));
  return (
    <div className={styles.filters} role="search" aria-label="What the grid is about">
      <div className={styles.group} role="group" aria-label="Rows">
        <strong>Rows</strong>
        <Field label="Name of a user or role" value={filter.who} onChange={(who) => set({ who })} />
        <Chosen name="Accounts" one="account" options={accounts} chosen={filter.account} onChange={(account) => set({ account })} />
        <span className={styles.kinds}>{MEMBERS.map(([member, name]) => <button key={member} type="button" className="button small" aria-pressed={filter.principal_kind?.includes(member) ?? false} onClick={() => set({ principal_kind: turned(filter.principal_kind, member) })}>{name}</button>)}</span>
      </div>
      <div className={styles.group} role="group" aria-label="Columns">
        <strong>Columns</strong>
        <Tabs label="A column is" value={filter.by} options={BY} onChange={(by) => set({ by: by === "account" ? undefined : by })} />
        <Field label="Part of an ARN" value={filter.on} onChange={(on) => set({ on })} />
        <Chosen name="Types" one="type" options={types} chosen={filter.type} onChange={(type) => set({ type })} />
        <Chosen name="Accounts" one="account" options={accounts} chosen={filter.owner} onChange={(owner) => set({ owner })} />
      </div>
      <div className={styles.group} role="group" aria-label="Kinds of access">
        <strong>Access</strong>
        <span className={styles.kinds}>{ACCESS.map(([access, words]) => <button key={access} type="button" className="button small" title={words} aria-pressed={filter.access?.includes(access) ?? false} onClick={() => set({ access: turned(filter.access, access) })}><code aria-hidden>{LETTERS[access]}</code>{access}</button>)}</span>
      </div>
    </div>
  );
}

function Chosen({ name, one, options, chosen, onChange }: { name: string; one: string; options: Option[]; chosen?: string[]; onChange: (chosen: string[] | undefined) => void }) {
  return (
    <Menu label={<>{chosen?.length ? counted(chosen.length, one) : `All ${one}s`}<ChevronDown aria-hidden /></>} name={name}>
      {() => <Facet title={name} options={options} chosen={chosen ?? []} onChange={(next) => onChange(next.length ? next : undefined)} />}
    </Menu>
  );
}

const MEANS = [["allowed", "yes"], ["only_if", "only if"], ["unknown", "not known"]] as const;

export function Legend() {
  return (
    <p className={styles.legend}>
      {MEANS.map(([decision, word]) => <span key={decision}><span className={styles.sign} data-decision={decision} aria-hidden>A</span>{word}</span>)}
      <span><span className={styles.sign} data-decision="allowed" data-also="unknown" aria-hidden>A</span>yes, some of it not known</span>
    </p>
  );
}
