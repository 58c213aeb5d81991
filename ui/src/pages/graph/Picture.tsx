// The picture of a graph: drawn by the graphics card, with what must be told apart drawn over it.
import Graphology from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";
import { Camera, Maximize, Undo2, ZoomIn, ZoomOut } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import Sigma from "sigma";
import { plain, shown } from "../../lib/text";
import { colour, themes } from "../../shell/theme";
import styles from "./Explorer.module.css";
import type { Status } from "./Explorer";
import { code, type Graph } from "./model";
import { arrange, type Position } from "./arrange";

interface Props { graph: Graph; states?: Map<string, Status>; start: string; chosen: string; onChoose: (id: string) => void; onOpen: (id: string) => void; onFail: () => void }

/** More than so many in sight are points without letters and hatch. */
const DETAILED_MAX = 2500;
/** More connections than this are drawn without their names. */
const EDGE_NAMES_MAX = 60;

export default function Picture({ graph, states, start, chosen, onChoose, onOpen, onFail }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const positions = useRef(new Map<string, Position>());
  const sigma = useRef<Sigma>(undefined);
  const theme = useSyncExternalStore(themes.subscribe, themes.get);
  const latest = useRef({ states, chosen, onChoose, onOpen, onFail });
  latest.current = { states, chosen, onChoose, onOpen, onFail };
  const [moved, setMoved] = useState<{ id: string; was: Position }[]>([]);

  useEffect(() => {
    const element = place.current;
    const canvas = over.current;
    if (!element || !canvas) return;
    const ink = {
      text: colour("--text"), muted: colour("--text-2"), line: colour("--line-strong"), node: colour("--understood"), surface: colour("--surface"),
      hatch1: colour("--hatch-1"), hatch2: colour("--hatch-2"), accent: colour("--accent"), attention: colour("--attention"), group: colour("--progress"),
    };
    const drawn = new Graphology({ multi: true, type: "directed" });
    for (const node of graph.nodes.values()) {
      const size = node.id === start ? 15 : node.form === "group" ? 14 : node.opened ? 12 : 9;
      drawn.addNode(node.id, { x: 0, y: 0, size, label: shown(node.label, 28), color: node.form === "group" ? ink.group : ink.node });
    }
    for (const edge of graph.edges) drawn.addEdge(edge.from, edge.to, { label: plain(edge.kind), size: 1.2, color: ink.line, type: "arrow" });
    arrange(drawn, positions.current, start, (settled, iterations, fixed) => {
      for (const id of fixed) settled.setNodeAttribute(id, "fixed", true);
      forceAtlas2.assign(settled, { iterations, settings: { ...forceAtlas2.inferSettings(settled), gravity: 1, scalingRatio: 12, adjustSizes: false, barnesHutOptimize: settled.order > 400 } });
    });

    let renderer: Sigma;
    try {
      renderer = new Sigma(drawn, element, {
        labelColor: { color: ink.text }, labelFont: "system-ui, sans-serif", labelSize: 12, labelRenderedSizeThreshold: 7, labelDensity: 0.5, labelGridCellSize: 120, edgeLabelColor: { color: ink.muted }, edgeLabelSize: 10,
        renderEdgeLabels: graph.edges.length <= EDGE_NAMES_MAX, defaultEdgeType: "arrow", zIndex: true, minCameraRatio: 0.05, maxCameraRatio: 6, stagePadding: 60, allowInvalidContainer: true,
        // The hover box of sigma is white in both themes: names are drawn as always.
        defaultDrawNodeHover: () => undefined,
      });
    } catch {
      // No graphics card to draw with: the list says the same.
      latest.current.onFail();
      return;
    }
    sigma.current = renderer;

    const draw = () => {
      const ratio = window.devicePixelRatio || 1;
      const { width, height } = renderer.getDimensions();
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      const pen = canvas.getContext("2d");
      if (!pen) return;
      pen.scale(ratio, ratio);
      if (drawn.order > DETAILED_MAX && renderer.getCamera().ratio > 0.3) return;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      for (const node of graph.nodes.values()) {
        const data = renderer.getNodeDisplayData(node.id);
        if (!data) continue;
        const { x, y } = renderer.framedGraphToViewport(data);
        const radius = renderer.scaleSize(data.size);
        if (x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
        const status = latest.current.states?.get(node.id);
        const unknown = node.form === "unseen" || (node.form === "resource" && status && !status.understood);
        if (unknown) hatch(pen, x, y, radius, ink.hatch1, ink.hatch2);
        if (status?.exposed) ring(pen, x, y, radius + 2.5, ink.attention, 2, [3, 2]);
        if (node.id === latest.current.chosen) ring(pen, x, y, radius + 4.5, ink.accent, 2);
        if (radius >= 8) {
          pen.font = `600 ${Math.round(Math.min(11, radius * 0.78))}px system-ui, sans-serif`;
          pen.fillStyle = unknown ? ink.text : ink.surface;
          pen.fillText(node.form === "unseen" ? "?" : code(node.type), x, y + 0.5);
        }
      }
    };
    renderer.on("afterRender", draw);
    renderer.on("clickNode", ({ node }) => latest.current.onChoose(node));
    renderer.on("doubleClickNode", (event) => { event.preventSigmaDefault(); latest.current.onOpen(event.node); });

    let held: { id: string; was: Position } | undefined;
    renderer.on("downNode", ({ node }) => { held = { id: node, was: positions.current.get(node) ?? { x: 0, y: 0 } }; });
    renderer.on("moveBody", ({ event }) => {
      if (!held) return;
      if (!renderer.getCustomBBox()) renderer.setCustomBBox(renderer.getBBox());
      const at = renderer.viewportToGraph(event);
      drawn.mergeNodeAttributes(held.id, at);
      positions.current.set(held.id, at);
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    const release = () => {
      const was = held;
      held = undefined;
      const now = was && positions.current.get(was.id);
      if (was && now && (now.x !== was.was.x || now.y !== was.was.y)) setMoved((all) => [...all.slice(-50), was]);
    };
    renderer.on("upNode", release);
    renderer.on("upStage", release);
    return () => {
      sigma.current = undefined;
      renderer.kill();
    };
  }, [graph, start, theme]);

  useEffect(() => {
    sigma.current?.scheduleRender();
  }, [states, chosen]);

  function undo() {
    const last = moved.at(-1);
    if (!last) return;
    positions.current.set(last.id, last.was);
    sigma.current?.getGraph().mergeNodeAttributes(last.id, last.was);
    setMoved(moved.slice(0, -1));
  }

  function picture() {
    const renderer = sigma.current;
    const canvas = over.current;
    if (!renderer || !canvas) return;
    // Drawn anew just before it is read: what the graphics card drew is gone afterwards.
    renderer.refresh();
    const out = document.createElement("canvas");
    out.width = canvas.width;
    out.height = canvas.height;
    const pen = out.getContext("2d");
    if (!pen) return;
    pen.fillStyle = colour("--surface");
    pen.fillRect(0, 0, out.width, out.height);
    const layers = renderer.getCanvases();
    for (const name of ["edges", "nodes"]) if (layers[name]) pen.drawImage(layers[name], 0, 0, out.width, out.height);
    pen.drawImage(canvas, 0, 0);
    for (const name of ["edgeLabels", "labels"]) if (layers[name]) pen.drawImage(layers[name], 0, 0, out.width, out.height);
    out.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "graph.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  }

  return (
    <div className={styles.picture}>
      <div ref={place} className={styles.canvas} role="img" aria-label={`Graph with ${graph.nodes.size} nodes; the list says the same`} />
      <canvas ref={over} className={styles.over} aria-hidden />
      <div className={styles.tools}>
        <button type="button" className="button" aria-label="Nearer" title="Nearer" onClick={() => void sigma.current?.getCamera().animatedZoom({ duration: 120 })}><ZoomIn aria-hidden /></button>
        <button type="button" className="button" aria-label="Farther" title="Farther" onClick={() => void sigma.current?.getCamera().animatedUnzoom({ duration: 120 })}><ZoomOut aria-hidden /></button>
        <button type="button" className="button" aria-label="All in sight" title="All in sight" onClick={() => void sigma.current?.getCamera().animatedReset({ duration: 120 })}><Maximize aria-hidden /></button>
        <button type="button" className="button" aria-label="Undo the last move" title="Undo the last move" disabled={moved.length === 0} onClick={undo}><Undo2 aria-hidden /></button>
        <button type="button" className="button" aria-label="Save as picture" title="Save as picture" onClick={picture}><Camera aria-hidden /></button>
      </div>
      <ul className={styles.legend}>
        <li><i data-is="understood" />understood</li><li><i data-is="unknown" />not understood, or never seen</li><li><i data-is="group" />several alike</li><li><i data-is="exposed" />exposed</li>
      </ul>
    </div>
  );
}

function ring(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, ink: string, width: number, dash: number[] = []): void {
  pen.beginPath();
  pen.setLineDash(dash);
  pen.lineWidth = width;
  pen.strokeStyle = ink;
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
  pen.setLineDash([]);
}

function hatch(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, ground: string, ink: string): void {
  pen.save();
  pen.beginPath();
  pen.arc(x, y, radius + 0.5, 0, 2 * Math.PI);
  pen.clip();
  pen.fillStyle = ground;
  pen.fill();
  pen.strokeStyle = ink;
  pen.lineWidth = 1.3;
  pen.beginPath();
  for (let at = -2 * radius; at <= 2 * radius; at += 4) {
    pen.moveTo(x + at - radius, y + radius);
    pen.lineTo(x + at + radius, y - radius);
  }
  pen.stroke();
  pen.restore();
}
