// The picture of what somebody can become. What can be chosen is a button; arrows of the keyboard go along those of the picture.
import { Building2, FileKey, UserRound } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { counted, shown } from "../../lib/text";
import { type Climb, type Level } from "./climb";
import styles from "./Escalation.module.css";
import { tree, wayTo } from "./branches";
import { beside, BOX, placed, type PlacedArrow, type PlacedBox, stacked, told } from "./picture";

const LEGEND: [Level, string][] = [["sure", "sure"], ["only_if", "only if: conditions must hold"], ["unknown", "unknown: depends on what was not read"]];

const SIGNS = { account: Building2, user: UserRound, role: FileKey };
const kindOf = ({ what, is }: PlacedBox): keyof typeof SIGNS => (what === "account" || is.startsWith("of ") ? "account" : is.startsWith("user") ? "user" : "role");

/** Where less is there than this, what does not fit stands under each other. */
const NARROW = 800;

/** How wide an element is; before it is known, as wide as may be. */
function useRoom(of: RefObject<HTMLElement | null>): number {
  const [room, setRoom] = useState(Number.POSITIVE_INFINITY);
  useEffect(() => {
    const frame = of.current;
    if (!frame) return;
    const observer = new ResizeObserver(() => setRoom(frame.clientWidth));
    observer.observe(frame);
    return () => observer.disconnect();
  }, [of]);
  return room;
}

export function Tree({ answer, at, pick }: { answer: Climb; at: number; pick: (at: number) => void }) {
  const drawn = useMemo(() => tree(answer, at), [answer, at]);
  const scroller = useRef<HTMLDivElement>(null);
  const room = useRoom(scroller);
  const picture = useMemo(() => {
    const wide = placed(drawn);
    return room < NARROW && wide.width > room ? stacked(drawn, room) : wide;
  }, [drawn, room]);
  const way = useMemo(() => wayTo(answer, at), [answer, at]);
  const place = useRef<SVGSVGElement>(null);
  const one = answer.reached[at];
  const current = one && `${one.what} ${one.name}`;
  const box = picture.boxes.find((each) => each.id === current);
  // What is chosen in the list is brought into sight, without moving the page.
  useEffect(() => {
    const frame = scroller.current;
    if (!frame || !box) return;
    if (box.y - BOX.height < frame.scrollTop || box.y + BOX.height > frame.scrollTop + frame.clientHeight) frame.scrollTop = Math.max(0, box.y - frame.clientHeight / 2);
    const isIn = box.x >= frame.scrollLeft && box.x + BOX.width <= frame.scrollLeft + frame.clientWidth;
    if (!isIn && at !== 0) frame.scrollLeft = box.x + BOX.width + 12 - frame.clientWidth;
  }, [box, at]);
  function press(event: KeyboardEvent, box: PlacedBox) {
    const next = beside(picture.boxes, picture.arrows, box, event.key);
    if (!next) return;
    event.preventDefault();
    place.current?.querySelector<HTMLButtonElement>(`button[data-box="${picture.boxes.indexOf(next)}"]`)?.focus();
  }
  return (
    <figure className={styles.figure}>
      <div ref={scroller} className={styles.scroller} role="region" aria-label="Picture of what it can become, scrolls" tabIndex={0}>
        <svg ref={place} role="group" aria-label={`What it can become: ${counted(picture.boxes.length - 1, "box", "boxes")} by their steps; the list beneath says the same`} width={picture.width} height={picture.height} viewBox={`0 0 ${picture.width} ${picture.height}`}>
          {[false, true].map((on) => picture.arrows.filter((arrow) => (way.has(arrow.to) && way.has(arrow.from)) === on).map((arrow) => <Line key={arrow.to} arrow={arrow} on={on} />))}
          {picture.boxes.map((box, index) => (
            <foreignObject key={box.id} x={box.x} y={box.y - BOX.height / 2} width={BOX.width} height={BOX.height} className={styles.object}>
              <Box box={box} index={index} on={way.has(box.id)} chosen={box.id === current} press={press} pick={pick} />
            </foreignObject>
          ))}
        </svg>
      </div>
      <figcaption className={styles.legend}>
        {LEGEND.map(([level, words]) => <span key={level} className="row"><svg width="34" height="10" aria-hidden><path d="M0 5H27" className={styles.line} data-level={level} /><path d="M26 1L34 5L26 9Z" className={styles.tip} /></svg>{words}</span>)}
        <span className="row"><svg width="34" height="10" aria-hidden><path d="M0 5H27" className={styles.line} data-on /><path d="M26 1L34 5L26 9Z" className={styles.tip} data-on /></svg>thick: the way that is told below</span>
        {drawn.left > 0 && <span><strong>{counted(drawn.left, "thing")} more</strong> {drawn.left === 1 ? "is" : "are"} not drawn; the list beneath has {drawn.left === 1 ? "it" : "them"}.</span>}
      </figcaption>
    </figure>
  );
}

function Line({ arrow, on }: { arrow: PlacedArrow; on: boolean }) {
  const { tip, label } = arrow;
  return (
    <g data-level={arrow.level} aria-hidden>
      <path d={arrow.path} className={styles.line} data-level={arrow.level} data-on={on || undefined} />
      <path d={`M${tip.x - 8} ${tip.y - 4}L${tip.x} ${tip.y}L${tip.x - 8} ${tip.y + 4}Z`} className={styles.tip} data-on={on || undefined} />
      <foreignObject x={label.x} y={label.y - label.above} width={label.width} height={label.above} className={styles.object}><div className={styles.above}><span>{shown(told(arrow), 200)}</span></div></foreignObject>
      {arrow.beside.length > 0 && <foreignObject x={label.x} y={label.y} width={label.width} height={label.below} className={styles.object}><div className={styles.below}>{arrow.beside.map((each) => <span key={each}>{each}</span>)}</div></foreignObject>}
    </g>
  );
}

interface BoxProps { box: PlacedBox; index: number; on: boolean; chosen: boolean; press: (event: KeyboardEvent, box: PlacedBox) => void; pick: (at: number) => void }

function Box({ box, index, on, chosen, press, pick }: BoxProps) {
  const Sign = SIGNS[kindOf(box)];
  const { at } = box;
  const inside = (
    <>
      <Sign className="icon" aria-hidden />
      <span className={styles.words}><bdi className={styles.name}>{box.name}</bdi><span className={styles.is}>{box.is}</span>{box.note && <span className={styles.is}>{box.note}</span>}</span>
    </>
  );
  const title = `${box.name}, ${box.is}`;
  if (at === undefined) return <div className={styles.box} data-what={box.what} data-level={box.level} data-on={on || undefined} title={title}>{inside}</div>;
  return <button type="button" className={styles.box} data-box={index} data-what={box.what} data-level={box.level} data-on={on || undefined} title={title} aria-pressed={chosen} tabIndex={chosen ? 0 : -1} onClick={() => pick(at)} onKeyDown={(event) => press(event, box)}>{inside}</button>;
}
