// Where a question is written: a plain text field with completion.
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { Schemas } from "../../api/client";
import { shown } from "../../lib/text";
import { complete, type Offer, wordBefore } from "./complete";
import styles from "./Workbench.module.css";

interface Props { value: string; onChange: (value: string) => void; onRun: () => void; tables: Schemas["TableView"][]; wrong?: { line: number; column: number } }

const LINE_PX = 19;
const PAD_PX = 10;

export function Editor({ value, onChange, onRun, tables, wrong }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [offers, setOffers] = useState<Offer[]>([]);
  const [at, setAt] = useState(0);
  const [place, setPlace] = useState({ line: 0, column: 0, scroll: 0 });
  const list = useId();

  function look(text: string, caret: number, asked: boolean) {
    const { word, of, from } = wordBefore(text, caret);
    const next = word.length > 0 || of !== undefined || asked ? complete(text, caret, tables) : [];
    setOffers(next);
    setAt(0);
    const before = text.slice(0, from).split("\n");
    setPlace({ line: before.length, column: before.at(-1)?.length ?? 0, scroll: field.current?.scrollTop ?? 0 });
  }

  function take(offer: Offer) {
    const element = field.current;
    if (!element) return;
    const { from } = wordBefore(value, element.selectionStart);
    element.setSelectionRange(from, element.selectionStart);
    // The browser's own way of typing keeps its undo, and nothing else does.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (!document.execCommand("insertText", false, offer.text)) onChange(value.slice(0, from) + offer.text + value.slice(element.selectionEnd));
    setOffers([]);
  }

  function press(event: KeyboardEvent<HTMLTextAreaElement>) {
    const modifier = event.ctrlKey || event.metaKey;
    if (modifier && event.key === "Enter") {
      event.preventDefault();
      setOffers([]);
      onRun();
    } else if (modifier && event.key === " ") {
      event.preventDefault();
      look(value, event.currentTarget.selectionStart, true);
    } else if (offers.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : offers.length - 1)) % offers.length);
    } else if (offers.length > 0 && (event.key === "Tab" || event.key === "Enter") && offers[at]) {
      event.preventDefault();
      take(offers[at]);
    } else if (event.key === "Escape") {
      if (offers.length > 0) setOffers([]);
      else event.currentTarget.blur();
    }
  }

  return (
    <div className={styles.editor}>
      <textarea
        ref={field} value={value} spellCheck={false} autoCapitalize="off" autoCorrect="off" wrap="off" rows={Math.min(16, Math.max(5, value.split("\n").length + 1))} data-search maxLength={100_000}
        aria-label="Question in SQL" role="combobox" aria-expanded={offers.length > 0} aria-controls={list} aria-autocomplete="list" aria-activedescendant={offers.length > 0 ? `${list}-${at}` : undefined} aria-invalid={wrong !== undefined}
        onChange={(event) => { onChange(event.target.value); look(event.target.value, event.target.selectionStart, false); }}
        onKeyDown={press} onBlur={() => setTimeout(() => setOffers([]), 150)} onScroll={() => setOffers([])}
      />
      {/* It follows the field's scrolling when it is drawn the next time. */}
      {/* eslint-disable-next-line react-hooks/refs */}
      {wrong && <div className={styles.wrongLine} style={{ top: PAD_PX + (wrong.line - 1) * LINE_PX - (field.current?.scrollTop ?? 0) }} aria-hidden />}
      <ul id={list} role="listbox" aria-label="Completions" hidden={offers.length === 0} className={styles.offers} style={{ top: PAD_PX + place.line * LINE_PX - place.scroll + 2, left: `min(calc(${PAD_PX}px + ${place.column}ch), calc(100% - 320px))` }}>
        {offers.map((offer, index) => (
          <li key={offer.text} id={`${list}-${index}`} role="option" aria-selected={index === at} ref={(element) => { if (index === at) element?.scrollIntoView({ block: "nearest" }); }} onMouseDown={(event) => { event.preventDefault(); take(offer); }}>
            <span>{offer.text}</span><span className="muted truncate">{offer.kind === "keyword" ? "" : shown(offer.detail, 80)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
