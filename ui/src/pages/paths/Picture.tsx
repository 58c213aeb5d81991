// The layers as a picture. Each box is a button: a group opens, anything else tells the stories that pass it; arrows of the
// keyboard go from box to box. The list beneath says the same.
import { ChevronsDownUp, FileImage } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { save } from "../../lib/csv";
import { counted, shown } from "../../lib/text";
import { KindIcon } from "../../parts/Name";
import { beside, type Box, BOX, type Drawn, LAYERS } from "./layers";
import { drawing, type Ink } from "./drawing";
import styles from "./Paths.module.css";
import { type Answer, type Kind } from "./words";

const LEGEND: [Answer, string][] = [["yes", "possible"], ["only_if", "only if something holds"], ["unknown", "not known: what decides was not read"]];

/** What the sign of a kind is that is no resource. */
const SIGNS: Record<Kind, string> = { internet: "Domain", vendor: "Organizations", access_key: "Secret", principal: "IAM::Role", grown: "IAM::Role", account: "Settings", balancer: "LoadBalancing", listener: "Instance", server: "Instance", data: "S3::", keys: "KMS", backups: "Backup", logs: "Logs::" };

/** Beyond so many lines each is drawn faint. */
const LINES_MANY = 40;

interface Props { drawn: Drawn; chosen?: string; left: number; pick: (box: Box) => void; close: (group: string) => void }

export function Layers({ drawn, chosen, left, pick, close }: Props) {
  const place = useRef<SVGSVGElement>(null);
  const through = drawn.boxes.find((box) => box.id === chosen);
  const on = new Set(through?.stories);
  const isOn = (box: Box) => !through || box.stories.some((story) => on.has(story));
  const groups = [...new Set(drawn.boxes.flatMap((box) => box.of ?? []))];
  const at = new Map(drawn.boxes.map((box) => [box.id, box]));
  function press(event: KeyboardEvent, box: Box) {
    const next = beside(drawn.boxes, box, event.key);
    if (!next) return;
    event.preventDefault();
    place.current?.querySelector<HTMLButtonElement>(`button[data-box="${drawn.boxes.indexOf(next)}"]`)?.focus();
  }
  function svg() {
    const colour = getComputedStyle(document.documentElement);
    const probe = document.createElement("i");
    document.body.append(probe);
    // Tokens have a light and a dark value; what is drawn has the one that is seen.
    const of = (token: string) => { probe.style.color = `var(${token})`; return getComputedStyle(probe).color || colour.color; };
    const ink: Ink = { ground: of("--surface"), text: of("--text"), soft: of("--text-2"), line: of("--line-strong"), box: of("--raised"), hatch: [of("--hatch-1"), of("--hatch-2")] };
    probe.remove();
    save("attack-paths.svg", [drawing(drawn, ink)], "image/svg+xml");
  }
  return (
    <figure className={styles.figure}>
      <div className={styles.picture} role="region" aria-label="Picture of all stories, scrolls" tabIndex={0}>
        <svg ref={place} role="group" aria-label={`How an intruder would walk: ${counted(drawn.boxes.length, "box", "boxes")} in ${LAYERS.length} layers; the list beneath says the same`} width={drawn.width} height={drawn.height} viewBox={`0 0 ${drawn.width} ${drawn.height}`}>
          {LAYERS.map((layer, index) => { const first = drawn.boxes.find((box) => box.layer === index); return first && <text key={layer} x={first.x} y={18} className={styles.layer}>{layer}</text>; })}
          {drawn.lines.map((line) => {
            const [from, to] = [at.get(line.from), at.get(line.to)];
            // What is chosen stands out; of many lines none does by itself.
            const isChosen = through !== undefined && from !== undefined && to !== undefined && isOn(from) && isOn(to);
            return (
              <g key={`${line.from} ${line.to}`} aria-hidden data-faint={(through && !isChosen) || undefined} data-on={isChosen || undefined} data-many={drawn.lines.length > LINES_MANY || undefined} className={styles.step}>
                <path d={line.path} className={styles.line} data-answer={line.answer} style={{ strokeWidth: 1.25 + Math.min(2, Math.log2(line.count) / 4) }} />
                <path d="M-8 -4L0 0L-8 4Z" transform={`translate(${line.tip.x} ${line.tip.y}) rotate(${line.tip.turn})`} className={styles.tip} />
              </g>
            );
          })}
          {drawn.boxes.map((box, index) => (
            <foreignObject key={box.id} x={box.x} y={box.y - BOX.height / 2} width={BOX.width} height={BOX.height} className={styles.object}>
              <button type="button" className={styles.box} data-box={index} data-answer={box.answer} data-group={box.group || undefined} data-faint={!isOn(box) || undefined} aria-pressed={box.id === chosen} title={`${box.name}, ${box.is}: ${counted(box.stories.length, "story", "stories")}`} onClick={() => pick(box)} onKeyDown={(event) => press(event, box)}>
                <KindIcon type={SIGNS[box.kind]} />
                <span className={styles.words}><bdi className={styles.name}>{shown(box.name, 80)}</bdi><span className={styles.is}>{shown(box.is, 60)}</span></span>
                {box.stories.length > 1 && <span className={styles.count}>{box.stories.length}<span className="hidden"> stories</span></span>}
              </button>
            </foreignObject>
          ))}
        </svg>
      </div>
      <figcaption className={styles.legend}>
        {LEGEND.map(([answer, words]) => <span key={answer} className="row"><svg width="34" height="10" aria-hidden><path d="M0 5H27" className={styles.line} data-answer={answer} /><path d="M34 5l-8 -4v8Z" className={styles.tip} /></svg>{words}</span>)}
        <span>A number is how many stories pass; a stacked box opens.</span>
        {left > 0 && <span><strong>{counted(left, "story", "stories")} more</strong> {left === 1 ? "is" : "are"} not drawn; More at the end of the list fetches them.</span>}
        <span className={styles.tools}>
          {groups.map((group) => <button key={group} type="button" className="button small" onClick={() => close(group)}><ChevronsDownUp aria-hidden />Close {groupName(drawn, group)}</button>)}
          <button type="button" className="button" aria-label="Save as drawing" title="Save as drawing (SVG)" onClick={svg}><FileImage aria-hidden /></button>
        </span>
      </figcaption>
    </figure>
  );
}

function groupName(drawn: Drawn, group: string): string {
  const members = drawn.boxes.filter((box) => box.of === group);
  return `the ${members.length} in “${LAYERS[members[0]?.layer ?? 0] ?? ""}”`;
}
