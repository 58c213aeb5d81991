// Go to anything, do anything, with the command that does the same in a terminal.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CornerDownLeft, type LucideIcon, Play, Search, SunMoon, LogOut, Keyboard, Bookmark, Settings } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { get } from "../api/client";
import { useDelayed } from "../lib/delayed";
import { word } from "../lib/sqltext";
import { kind, shown } from "../lib/text";
import { Dialog } from "../parts/Dialog";
import { copy } from "../parts/Copy";
import { KindIcon, label } from "../parts/Name";
import { isPartFor, PARTS } from "../pages/settings/parts";
import { useQuestions } from "../pages/sql/useQuestions";
import { isWhole, type Permission, useWho } from "../session/may";
import { leave } from "../session/ways";
import { isFor, PAGES } from "./pages";
import styles from "./Palette.module.css";
import { themes } from "./theme";

interface Item { key: string; name: string; hint?: string; cli?: string; icon?: LucideIcon; type?: string; go: () => void }

export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [copied, setCopied] = useState<string>();
  const navigate = useNavigate();
  const listId = useId();
  const active = useRef<HTMLLIElement>(null);
  const search = useDelayed(text.trim(), 120);
  const found = useQuery({
    queryKey: ["palette", search], enabled: search.length > 1, staleTime: 10_000,
    queryFn: ({ signal }) => get("/api/v1/resources", { search, limit: 8 }, { signal }),
  });

  // While what fits is being asked, what stands in its place now is not what somebody wants who presses Enter.
  const current = search === text.trim();
  const ready = current && (search.length <= 1 || !found.isLoading);
  const who = useWho();
  const { all: questions } = useQuestions();
  const items = useMemo(() => {
    const may = (what: Permission) => (who?.permissions.includes(what) ?? false) && (what === "read_estate" || isWhole(who));
    const wanted = text.trim().toLowerCase();
    const fits = (item: Item) => wanted.split(/\s+/).every((part) => item.name.toLowerCase().includes(part) || item.cli?.toLowerCase().includes(part));
    const fixed: Item[] = [
      ...PAGES.filter((page) => isFor(page, who)).map((page) => ({ key: page.to, name: page.name, icon: page.icon, cli: page.cli, go: () => void navigate({ to: page.to }) })),
      ...(may("scan") ? [{ key: "scan", name: "Start a scan", icon: Play, cli: "fathom scan", go: () => void navigate({ to: "/scans", hash: "start" }) }] : []),
      { key: "diff", name: "What changed since the scan before", icon: CornerDownLeft, cli: "fathom diff", go: () => void navigate({ to: "/changes" }) },
      ...PARTS.filter((part) => isPartFor(part, who)).map((part) => ({ key: part.part, name: `Settings: ${part.name}`, icon: Settings, go: () => void navigate({ to: "/settings/$part", params: { part: part.part } }) })),
      ...(may("read_ledger") ? [{ key: "verify", name: "Look at the ledger's end", icon: CornerDownLeft, cli: "fathom ledger verify", go: () => void navigate({ to: "/ledger" }) }] : []),
      { key: "theme", name: `Theme: ${themes.next()}`, icon: SunMoon, go: () => themes.set(themes.next()) },
      { key: "help", name: "Keyboard help", icon: Keyboard, go: onHelp },
      { key: "out", name: "Sign out", icon: LogOut, go: () => void leave() },
      ...(may("query_sql") ? questions : []).map((question) => ({
        key: `saved ${question.name}`, name: `Question: ${question.name}`, icon: Bookmark, cli: `fathom sql ${word(question.query)}`,
        go: () => void navigate({ to: "/sql", search: { q: question.query } }),
      })),
    ];
    const all = wanted ? fixed.filter(fits) : fixed;
    // What was found for another text is not for this one.
    const resources: Item[] = (wanted && current ? (found.data?.resources ?? []) : []).map((row) => ({
      key: row.uid, name: label(row), hint: `${kind(row.type)} · ${shown(row.account, 40)} · ${shown(row.region, 40)}`, type: row.type, cli: `fathom explain ${word(row.uid)}`,
      go: () => void navigate({ to: "/resource", search: { uid: row.uid } }),
    }));
    const everywhere: Item[] = wanted
      ? [{ key: "list", name: `List all resources with “${shown(text.trim(), 60)}”`, icon: Search, go: () => void navigate({ to: "/resources", search: { search: text.trim() } }) }]
      : [];
    return [...all.slice(0, wanted ? 6 : 40), ...resources, ...everywhere];
  }, [text, current, found.data, navigate, onHelp, who, questions]);

  const chosen = items[Math.min(at, items.length - 1)];
  useEffect(() => {
    // In braces: newer browsers return a promise here, which is no way to end an effect.
    active.current?.scrollIntoView({ block: "nearest" });
  }, [at]);

  function choose(item: Item | undefined) {
    if (!item) return;
    onClose();
    item.go();
  }
  async function press(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((was) => (Math.min(was, items.length - 1) + (event.key === "ArrowDown" ? 1 : items.length - 1)) % Math.max(1, items.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      if (!ready && (chosen?.type !== undefined || chosen?.key === "list")) return;
      if (!event.ctrlKey && !event.metaKey) choose(chosen);
      else if (chosen?.cli && (await copy(chosen.cli))) setCopied(chosen.key);
    }
  }

  return (
    <Dialog title="Search and commands" onClose={onClose} wide bare>
      <div className={styles.field}>
        <Search className="icon" aria-hidden />
        <input
          value={text} onChange={(event) => { setText(event.target.value); setAt(0); }} onKeyDown={press} placeholder="A resource, a page, an action"
          role="combobox" aria-expanded aria-controls={listId} aria-label="Search and commands" aria-activedescendant={chosen ? `${listId}-${items.indexOf(chosen)}` : undefined} spellCheck={false}
        />
      </div>
      <ul id={listId} role="listbox" aria-label="Results" className={styles.list}>
        {items.map((item, index) => (
          // The field has the keyboard: arrows and Enter choose.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li
            key={item.key} id={`${listId}-${index}`} role="option" aria-selected={item === chosen} ref={item === chosen ? active : undefined}
            className={styles.item} onClick={() => choose(item)} onMouseMove={() => setAt(index)}
          >
            {item.type ? <KindIcon type={item.type} /> : item.icon && <item.icon className="icon" aria-hidden />}
            <span className={styles.words}><bdi className="truncate">{item.name}</bdi>{item.hint && <span className="muted small truncate">{item.hint}</span>}</span>
            {item.cli && <code className="truncate">{copied === item.key ? "copied" : shown(item.cli, 90)}</code>}
          </li>
        ))}
        {items.length === 0 && <li className={styles.none}>{found.isFetching ? "Looking…" : "Nothing fits."}</li>}
      </ul>
      <p className={styles.foot}><span><kbd>↑</kbd> <kbd>↓</kbd> choose</span><span><kbd>Enter</kbd> go</span><span><kbd>Ctrl Enter</kbd> copy the command</span></p>
    </Dialog>
  );
}
