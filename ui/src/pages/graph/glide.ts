// Moves what is drawn while drawing it anew would be slow.
import type Sigma from "sigma";

/** A camera that has not moved for so long rests. */
const REST_MS = 300;
/** What browsers call a graphics card that is none. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

interface Place { x: number; y: number }
/** How a picture is moved and scaled, from its upper left corner. */
export interface Shift extends Place { scale: number }

/** The shift that brings two corners of what is drawn to where they belong now. */
export const shift = (width: number, first: Place, second: Place): Shift => ({ x: first.x, y: first.y, scale: width > 0 ? (second.x - first.x) / width : 1 });

/** Whether the processor draws in place of a graphics card. */
export function drawnInSoftware(): boolean {
  const pen = document.createElement("canvas").getContext("webgl2");
  const names = pen?.getExtension("WEBGL_debug_renderer_info");
  return pen !== null && SOFTWARE.test(String(pen.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? pen.RENDERER)));
}

/**
 * Without a graphics card, thousands of points take a third of a second to draw. So while the camera moves, what is
 * drawn is shifted and scaled as a picture; when it rests, it is drawn anew. Returns how to end it.
 */
export function glide(renderer: Sigma, under: readonly HTMLElement[]): () => void {
  const camera = renderer.getCamera();
  const canvases = Object.entries(renderer.getCanvases());
  const moving = [...canvases.filter(([name]) => name === "nodes").map(([, canvas]) => canvas), ...under];
  const hidden = canvases.filter(([name]) => name !== "nodes" && name !== "mouse").map(([, canvas]) => canvas);
  let drawn = camera.getState();
  let resting = 0;
  const place = (transform: string) => {
    for (const layer of moving) {
      layer.style.transformOrigin = "0 0";
      layer.style.transform = transform;
    }
    // Each layer costs, and names are not read while they move.
    for (const layer of hidden) layer.style.display = transform === "" ? "" : "none";
  };
  // Hands are followed where the camera is, not where it was when all was drawn.
  const framed = renderer.viewportToFramedGraph.bind(renderer);
  renderer.viewportToFramedGraph = (at, options) => framed(at, { cameraState: camera.getState(), ...options });
  camera.removeAllListeners("updated");
  camera.on("updated", () => {
    const { width, height } = renderer.getDimensions();
    const now = (corner: Place) => renderer.framedGraphToViewport(framed(corner, { cameraState: drawn }), { cameraState: camera.getState() });
    const { x, y, scale } = shift(width, now({ x: 0, y: 0 }), now({ x: width, y: height }));
    place(`translate(${x}px, ${y}px) scale(${scale})`);
    window.clearTimeout(resting);
    resting = window.setTimeout(() => renderer.scheduleRender(), REST_MS);
  });
  renderer.on("afterRender", () => {
    drawn = camera.getState();
    place("");
  });
  return () => window.clearTimeout(resting);
}
