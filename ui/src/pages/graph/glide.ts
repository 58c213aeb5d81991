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
 * Without a graphics card, thousands of points take a third of a second to draw, and each layer that the browser puts over another
 * costs as well. So once all is drawn, it is copied into one picture; while the camera moves, only that is shown, shifted and scaled.
 * When the camera rests, all is drawn anew. Returns how to end it.
 */
export function glide(renderer: Sigma, under: readonly HTMLCanvasElement[], still: HTMLCanvasElement): () => void {
  const camera = renderer.getCamera();
  const canvases = renderer.getCanvases();
  const mouse = canvases.mouse;
  const nodes = canvases.nodes;
  // Names are not read while they move.
  const layers = [...Object.values(canvases).filter((canvas) => canvas !== mouse), ...under];
  // It takes hands and shows nothing: what cannot be seen is not laid over the rest either.
  if (mouse) mouse.style.opacity = "0";
  still.style.transformOrigin = "0 0";
  still.style.willChange = "transform";
  let drawn = camera.getState();
  let [resting, frame, moves] = [0, 0, false];
  const copy = () => {
    const first = under[0];
    if (!first || !nodes) return;
    if (still.width !== first.width || still.height !== first.height) [still.width, still.height] = [first.width, first.height];
    const pen = still.getContext("2d");
    pen?.clearRect(0, 0, still.width, still.height);
    for (const layer of [first, nodes, ...under.slice(1)]) if (layer.width > 0 && layer.height > 0) pen?.drawImage(layer, 0, 0, still.width, still.height);
  };
  const swap = (moving: boolean) => {
    if (moves === moving) return;
    moves = moving;
    still.hidden = !moving;
    for (const layer of layers) layer.style.display = moving ? "none" : "";
  };
  // Hands are followed where the camera is, not where it was when all was drawn.
  const framed = renderer.viewportToFramedGraph.bind(renderer);
  renderer.viewportToFramedGraph = (at, options) => framed(at, { cameraState: camera.getState(), ...options });
  const follow = () => {
    frame = 0;
    const { width, height } = renderer.getDimensions();
    const now = (corner: Place) => renderer.framedGraphToViewport(framed(corner, { cameraState: drawn }), { cameraState: camera.getState() });
    const { x, y, scale } = shift(width, now({ x: 0, y: 0 }), now({ x: width, y: height }));
    still.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    swap(true);
  };
  camera.removeAllListeners("updated");
  camera.on("updated", () => {
    // A hand may move more often than the browser draws.
    frame ||= window.requestAnimationFrame(follow);
    window.clearTimeout(resting);
    resting = window.setTimeout(() => renderer.scheduleRender(), REST_MS);
  });
  renderer.on("afterRender", () => {
    window.cancelAnimationFrame(frame);
    frame = 0;
    drawn = camera.getState();
    swap(false);
    // What the graphics card drew can be read only as long as this has not returned.
    copy();
  });
  return () => {
    window.clearTimeout(resting);
    window.cancelAnimationFrame(frame);
    // What lies under outlives the picture that was drawn.
    swap(false);
  };
}
