// A field whose text goes into the address after a pause.
import { useEffect, useRef, useState } from "react";
import { useDelayed } from "../lib/delayed";

interface Props { value?: string; onChange: (value: string | undefined) => void; label: string; wide?: boolean; search?: boolean;
  /** Two texts that mean the same are the same when cleaned. */
  clean?: (text: string) => string;
}

const trimmed = (text: string) => text.trim();

export function Field({ value = "", onChange, label, wide, search, clean = trimmed }: Props) {
  const [text, setText] = useState(value);
  const [from, setFrom] = useState(value);
  const delayed = useDelayed(text, 200);
  const change = useRef(onChange);
  useEffect(() => { change.current = onChange; }, [onChange]);
  // Another text in the address than the one that was typed here.
  if (value !== from) {
    setFrom(value);
    if (value !== clean(text)) setText(value);
  }
  useEffect(() => {
    if (delayed === text && clean(delayed) !== value) change.current(clean(delayed) || undefined);
    // Only what was typed goes out: a change of `value` alone is what came in.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [delayed]);
  return (
    <input
      type="search" className="input" style={{ flex: wide ? "1 1 200px" : "0 1 190px", maxWidth: wide ? 420 : 190 }} placeholder={label} aria-label={label} value={text} maxLength={500} data-search={search || undefined}
      onChange={(event) => setText(event.target.value)} onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }} spellCheck={false}
    />
  );
}
