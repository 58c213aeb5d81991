// The picture of a graph: areas below, nodes and connections drawn by the graphics card, and what must be told apart over it.
import Graphology from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";
import { Camera, FileImage, Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import Sigma from "sigma";
import { save } from "../../lib/csv";
import { plain, shown } from "../../lib/text";
import { colour, themes } from "../../shell/theme";
import { type DrawnArea, inAreas } from "./areas";
import { arrange, type Position } from "./arrange";
import styles from "./Explorer.module.css";
import { drawnInSoftware, glide } from "./glide";
import { code, type Graph, type GraphEdge, type GraphNode } from "./model";
import { hatch, inkOf, named, ring, roundedBox, type Taken } from "./pen";
import { picture } from "./svg";

export interface Move { id: string; was: Position | undefined; pinned: boolean }
interface Props {
  graph: Graph; start: string | undefined; chosen: string | undefined; areas: boolean;
  /** Where nodes stand and which of them somebody put there; both outlive the picture. */
  positions: RefObject<Map<string, Position>>; pins: ReadonlySet<string>;
  onChoose: (id: string) => void; onOpen: (id: string) => void; onMove: (move: Move) => void; onFail: () => void;
}

/** More than so many in sight are points without letters and hatch. */
const DETAILED_MAX = 2500;
/** From so many on, names appear as one comes nearer, and connections are faint but those of the chosen one. */
const CROWDED_MIN = 150;
/** Of very many nodes, what a camera so near sees is drawn in full. */
const NEAR = 0.3;
/** The most connections that are drawn one by one. */
const LINES_MAX = 3000;
/** In a picture narrower than this, in pixels, few names are drawn, and none of connections. */
const SMALL = 480;
/** More connections than this are drawn without their names. */
const EDGE_NAMES_MAX = 60;

export const unknownNode = (node: GraphNode): boolean => node.form === "unseen" || (node.form === "resource" && node.understood === false);

export default function Picture({ graph, start, chosen, areas, positions, pins, onChoose, onOpen, onMove, onFail }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const moved = useRef<HTMLCanvasElement>(null);
  const mark = useRef<HTMLElement>(null);
  const sigma = useRef<Sigma>(undefined);
  const drawnAreas = useRef<DrawnArea[]>([]);
  const view = useRef<{ of: string; state: { x: number; y: number; ratio: number; angle: number } }>(undefined);
  const theme = useSyncExternalStore(themes.subscribe, themes.seen);
  const latest = useRef({ chosen, pins, onChoose, onOpen, onMove, onFail });
  useEffect(() => { latest.current = { chosen, pins, onChoose, onOpen, onMove, onFail }; });
  const [ready, setReady] = useState(0);
  const of = `${start ?? ""} ${areas}`;

  useEffect(() => {
    const [element, canvas, ground, still] = [place.current, over.current, below.current, moved.current];
    if (!element || !canvas || !ground || !still) return;
    const ink = inkOf(colour);
    const many = graph.nodes.size > DETAILED_MAX;
    const crowded = graph.nodes.size > CROWDED_MIN;
    const small = element.clientWidth < SMALL;
    const known = positions.current;
    const drawn = new Graphology({ multi: true, type: "directed" });
    for (const node of graph.nodes.values()) {
      const size = many ? (node.exposed ? 3.2 : 2.4) : node.id === start ? 15 : node.form === "group" ? 14 : node.opened ? 12 : 9;
      // Points are too small for a hatch: what is not understood is lighter, what is exposed has the colour of attention.
      const color = node.form === "group" ? ink.group : many && node.exposed ? ink.attention : many && unknownNode(node) ? ink.hatch2 : ink.node;
      drawn.addNode(node.id, { x: 0, y: 0, size, label: shown(node.label, 28), color });
    }
    // All connections of very many would only hide the nodes: those in sight are drawn as one comes nearer, and those of the chosen one.
    if (!many) for (const edge of graph.edges) drawn.addEdge(edge.from, edge.to, { hidden: edge.loose, label: plain(edge.kind), size: 1.2, color: crowded ? ink.hatch2 : ink.line, type: "arrow" });
    if (areas) {
      drawnAreas.current = inAreas(graph, known, latest.current.pins, Math.min(3, Math.max(0.5, element.clientWidth / Math.max(1, element.clientHeight))));
      drawn.forEachNode((id) => drawn.mergeNodeAttributes(id, known.get(id) ?? { x: 0, y: 0 }));
    } else {
      drawnAreas.current = [];
      arrange(drawn, known, start ?? drawn.nodes()[0] ?? "", (settled, iterations, fixed) => {
        for (const id of fixed) settled.setNodeAttribute(id, "fixed", true);
        forceAtlas2.assign(settled, { iterations, settings: { ...forceAtlas2.inferSettings(settled), gravity: 1, scalingRatio: 12, adjustSizes: false, barnesHutOptimize: settled.order > 400 } });
      });
    }

    // What names must not cover, gathered anew for each frame.
    let taken: Taken | undefined;
    const gather = (): Taken | undefined => {
      const by = sigma.current;
      return by && {
        width: by.getDimensions().width, names: [],
        nodes: crowded ? [] : [...graph.nodes.keys()].flatMap((id) => { const data = by.getNodeDisplayData(id); return data ? [{ ...by.framedGraphToViewport(data), radius: by.scaleSize(data.size) }] : []; }),
      };
    };
    let renderer: Sigma;
    try {
      renderer = new Sigma(drawn, element, {
        labelColor: { color: ink.text }, labelFont: "system-ui, sans-serif", labelSize: 12, labelRenderedSizeThreshold: graph.nodes.size > CROWDED_MIN ? 14 : 7, labelDensity: 0.5, labelGridCellSize: small ? 240 : graph.nodes.size > 25 ? 170 : 110, edgeLabelColor: { color: ink.muted }, edgeLabelSize: 10,
        renderEdgeLabels: !small && graph.edges.length <= EDGE_NAMES_MAX, defaultEdgeType: "arrow", zIndex: !many, minCameraRatio: 0.02, maxCameraRatio: 4, stagePadding: areas ? 30 : 60, allowInvalidContainer: true,
        edgeReducer: crowded ? (edge, data) => (latest.current.chosen !== undefined && drawn.extremities(edge).includes(latest.current.chosen) ? { ...data, color: ink.accent, size: 1.6, zIndex: 1 } : data) : null,
        hideLabelsOnMove: many,
        // The hover box of sigma is white in both themes: names are drawn as always.
        defaultDrawNodeHover: () => undefined,
        defaultDrawNodeLabel: (pen, node) => {
          taken ??= gather();
          if (taken) named(pen, node, ink.text, areas ? ink.sunken : ink.surface, taken);
        },
      });
    } catch {
      // No graphics card to draw with: the list says the same.
      latest.current.onFail();
      return;
    }
    sigma.current = renderer;
    renderer.on("beforeRender", () => { taken = undefined; });
    // Nothing depends on what is hovered, and finding that out at each move waits for the graphics card.
    for (const name of ["mousemove", "wheel"] as const) renderer.getMouseCaptor().removeAllListeners(name);
    if (drawnAreas.current.length > 0) {
      // All of the areas are in sight, not only the nodes in them.
      const outer = drawnAreas.current.filter((area) => area.what === "account").map((area) => area.box);
      renderer.setCustomBBox({ x: [Math.min(...outer.map((box) => box.x)), Math.max(...outer.map((box) => box.x + box.width))], y: [Math.min(...outer.map((box) => box.y)), Math.max(...outer.map((box) => box.y + box.height))] });
      renderer.refresh();
    }
    if (view.current?.of === of) renderer.getCamera().setState(view.current.state);

    const fit = (surface: HTMLCanvasElement) => {
      const ratio = window.devicePixelRatio || 1;
      const { width, height } = renderer.getDimensions();
      if (surface.width !== Math.round(width * ratio) || surface.height !== Math.round(height * ratio)) {
        surface.width = Math.round(width * ratio);
        surface.height = Math.round(height * ratio);
      }
      const pen = surface.getContext("2d");
      pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen?.clearRect(0, 0, width, height);
      return { pen, width, height };
    };
    const ofArea = ({ box }: DrawnArea) => {
      const one = renderer.graphToViewport({ x: box.x, y: box.y });
      const other = renderer.graphToViewport({ x: box.x + box.width, y: box.y + box.height });
      return { x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width: Math.abs(other.x - one.x), height: Math.abs(other.y - one.y) };
    };
    const loose = graph.edges.filter((edge) => edge.loose);
    const at = (id: string) => {
      const data = renderer.getNodeDisplayData(id);
      return data && renderer.framedGraphToViewport(data);
    };
    const lines = (pen: CanvasRenderingContext2D, edges: readonly GraphEdge[], color: string, width: number, dash: number[] = [], within?: { width: number; height: number }) => {
      pen.setLineDash(dash);
      pen.strokeStyle = color;
      pen.lineWidth = width;
      pen.beginPath();
      let left = LINES_MAX;
      for (const edge of edges) {
        const [a, b] = [at(edge.from), at(edge.to)];
        if (!a || !b) continue;
        const seen = (place: { x: number; y: number }) => place.x >= 0 && place.y >= 0 && place.x <= (within?.width ?? 0) && place.y <= (within?.height ?? 0);
        if (within && !seen(a) && !seen(b)) continue;
        if (left-- === 0) break;
        pen.moveTo(a.x, a.y);
        pen.lineTo(b.x, b.y);
      }
      pen.stroke();
      pen.setLineDash([]);
    };
    /** What the graphics card does not draw: dashes, and the connections of very many. */
    const connections = (pen: CanvasRenderingContext2D, within: { width: number; height: number }) => {
      lines(pen, loose, ink.line, 1.2, [4, 3]);
      if (!many) return;
      if (renderer.getCamera().ratio <= NEAR) lines(pen, graph.edges, ink.hatch2, 0.7, [], within);
      const { chosen: of } = latest.current;
      if (of !== undefined) lines(pen, graph.edges.filter((edge) => edge.from === of || edge.to === of), ink.accent, 1.4);
    };
    const draw = () => {
      const floor = fit(ground);
      if (floor.pen) for (const area of drawnAreas.current) roundedBox(floor.pen, ofArea(area), area.what === "account", shown(area.name, 60), area.count, ink, floor);
      if (floor.pen) connections(floor.pen, floor);
      const { pen, width, height } = fit(canvas);
      if (!pen || (many && renderer.getCamera().ratio > NEAR)) return;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      for (const node of graph.nodes.values()) {
        const data = renderer.getNodeDisplayData(node.id);
        if (!data) continue;
        const { x, y } = renderer.framedGraphToViewport(data);
        const radius = renderer.scaleSize(data.size);
        if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
        const unknown = unknownNode(node);
        if (unknown) hatch(pen, x, y, radius, ink.hatch1, ink.hatch2);
        if (node.exposed) ring(pen, x, y, radius + 2.5, ink.attention, 2, [3, 2]);
        if (node.id === latest.current.chosen) ring(pen, x, y, radius + 4.5, ink.accent, 2);
        if (latest.current.pins.has(node.id)) ring(pen, x + radius * 0.9, y - radius * 0.9, 2.5, ink.accent, 3);
        if (radius >= 8) {
          pen.font = `600 ${Math.round(Math.min(11, radius * 0.78))}px system-ui, sans-serif`;
          pen.fillStyle = unknown ? ink.text : ink.surface;
          pen.fillText(node.form === "unseen" ? "?" : code(node.type), x, y + 0.5);
        }
      }
    };
    renderer.on("afterRender", draw);
    const rest = many && drawnInSoftware() ? glide(renderer, [ground, canvas], still) : undefined;
    renderer.on("clickNode", ({ node }) => latest.current.onChoose(node));
    renderer.on("doubleClickNode", (event) => { event.preventSigmaDefault(); latest.current.onOpen(event.node); });

    let held: Move | undefined;
    const follow = (to: { x: number; y: number } | undefined) => {
      if (!mark.current) return;
      mark.current.hidden = to === undefined;
      if (to) mark.current.style.transform = `translate(${to.x}px, ${to.y}px)`;
    };
    renderer.on("downNode", ({ node }) => { held = { id: node, was: known.get(node), pinned: latest.current.pins.has(node) }; });
    renderer.on("moveBody", ({ event }) => {
      if (!held) return;
      if (!renderer.getCustomBBox()) renderer.setCustomBBox(renderer.getBBox());
      const at = renderer.viewportToGraph(event);
      // Of very many, a mark follows the hand, and the node follows when it is let go.
      if (many) follow(event);
      else drawn.mergeNodeAttributes(held.id, at);
      known.set(held.id, at);
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    const release = () => {
      const was = held;
      held = undefined;
      const now = was && known.get(was.id);
      follow(undefined);
      if (was && now && (now.x !== was.was?.x || now.y !== was.was.y)) latest.current.onMove(was);
    };
    renderer.on("upNode", release);
    renderer.on("upStage", release);
    // What is drawn over it has to be drawn anew.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setReady((was) => was + 1);
    return () => {
      view.current = { of, state: renderer.getCamera().getState() };
      sigma.current = undefined;
      rest?.();
      renderer.kill();
    };
  }, [graph, start, theme, areas, of, positions]);

  useEffect(() => {
    // What was moved back stands where it was.
    const drawn = sigma.current?.getGraph();
    for (const id of drawn?.nodes() ?? []) {
      const at = positions.current.get(id);
      if (at && (drawn?.getNodeAttribute(id, "x") !== at.x || drawn.getNodeAttribute(id, "y") !== at.y)) drawn?.mergeNodeAttributes(id, at);
    }
    sigma.current?.refresh({ skipIndexation: true });
  }, [chosen, pins, positions, ready]);

  function png() {
    const [renderer, canvas, ground] = [sigma.current, over.current, below.current];
    if (!renderer || !canvas || !ground) return;
    // Drawn anew just before it is read: what the graphics card drew is gone afterwards.
    renderer.refresh();
    const out = document.createElement("canvas");
    out.width = canvas.width;
    out.height = canvas.height;
    const pen = out.getContext("2d");
    if (!pen) return;
    pen.fillStyle = colour("--surface");
    pen.fillRect(0, 0, out.width, out.height);
    pen.drawImage(ground, 0, 0);
    const layers = renderer.getCanvases();
    for (const name of ["edges", "nodes"]) if (layers[name]) pen.drawImage(layers[name], 0, 0, out.width, out.height);
    pen.drawImage(canvas, 0, 0);
    for (const name of ["edgeLabels", "labels"]) if (layers[name]) pen.drawImage(layers[name], 0, 0, out.width, out.height);
    out.toBlob((blob) => { if (blob) save("graph.png", [blob], "image/png"); });
  }

  function svg() {
    const renderer = sigma.current;
    if (!renderer) return;
    const ink = inkOf(colour);
    const { width, height } = renderer.getDimensions();
    const nodes = new Map([...graph.nodes.values()].flatMap((node) => {
      const data = renderer.getNodeDisplayData(node.id);
      return data ? [[node.id, { node, ...renderer.framedGraphToViewport(data), radius: renderer.scaleSize(data.size) }] as const] : [];
    }));
    const text = picture({
      width, height, ground: ink.surface, text: ink.text, line: ink.line, attention: ink.attention, hatch: [ink.hatch1, ink.hatch2],
      areas: drawnAreas.current.map((area) => {
        const one = renderer.graphToViewport(area.box);
        const other = renderer.graphToViewport({ x: area.box.x + area.box.width, y: area.box.y + area.box.height });
        return { x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width: Math.abs(other.x - one.x), height: Math.abs(other.y - one.y), name: `${shown(area.name, 60)} ${area.count}`, outer: area.what === "account" };
      }),
      edges: graph.edges.flatMap((edge) => {
        const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
        if (!from || !to) return [];
        const far = Math.hypot(to.x - from.x, to.y - from.y) || 1;
        return [{ from: [from.x, from.y] as [number, number], to: [to.x - ((to.x - from.x) / far) * to.radius, to.y - ((to.y - from.y) / far) * to.radius] as [number, number], loose: edge.loose ?? false }];
      }),
      nodes: [...nodes.values()].map(({ node, x, y, radius }) => ({ x, y, radius, fill: node.form === "group" ? ink.group : ink.node, unknown: unknownNode(node), exposed: node.exposed ?? false, label: graph.nodes.size > 400 ? "" : shown(node.label, 40), code: node.form === "unseen" ? "?" : code(node.type) })),
    });
    save("graph.svg", [text], "image/svg+xml");
  }

  const camera = () => sigma.current?.getCamera();
  return (
    <div className={styles.frame}>
      <div className={styles.picture}>
        <canvas ref={below} className={styles.over} aria-hidden />
        <div ref={place} className={styles.canvas} role="img" aria-label={`Graph with ${graph.nodes.size} nodes; the list says the same`} />
        <canvas ref={over} className={styles.over} aria-hidden />
        <canvas ref={moved} className={styles.over} hidden aria-hidden />
        <i ref={mark} className={styles.mark} hidden aria-hidden />
      </div>
      <div className={styles.bar}>
      <ul className={styles.legend}>
        <li><i data-is="understood" />understood</li><li><i data-is={graph.nodes.size > DETAILED_MAX ? "faint" : "unknown"} />not understood, or never seen</li><li><i data-is="group" />several alike</li><li><i data-is={graph.nodes.size > DETAILED_MAX ? "amber" : "exposed"} />exposed</li>{graph.nodes.size > DETAILED_MAX && <li>connections show as you come nearer, or choose a node</li>}
      </ul>
      <div className={styles.tools}>
        <button type="button" className="button" aria-label="Nearer" title="Nearer" onClick={() => void camera()?.animatedZoom({ duration: 120 })}><ZoomIn aria-hidden /></button>
        <button type="button" className="button" aria-label="Farther" title="Farther" onClick={() => void camera()?.animatedUnzoom({ duration: 120 })}><ZoomOut aria-hidden /></button>
        <button type="button" className="button" aria-label="All in sight" title="All in sight" onClick={() => void camera()?.animatedReset({ duration: 120 })}><Maximize aria-hidden /></button>
        <button type="button" className="button" aria-label="Save as picture" title="Save as picture (PNG)" onClick={png}><Camera aria-hidden /></button>
        <button type="button" className="button" aria-label="Save as drawing" title="Save as drawing (SVG)" onClick={svg}><FileImage aria-hidden /></button>
      </div>
      </div>
    </div>
  );
}
