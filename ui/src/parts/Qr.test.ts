import jsqr from "jsqr";
import { describe, expect, it } from "vitest";
import { outline } from "./Qr";

/** The path, painted as pixels: 4 for a module, dark where the path has a square. */
function painted({ side, path }: ReturnType<typeof outline>): { data: Uint8ClampedArray; side: number } {
  const pixels = new Uint8ClampedArray((side * 4) ** 2 * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 4; column++) pixels.set([0, 0, 0, 255], ((Number(y) * 4 + row) * side * 4 + Number(x) * 4 + column) * 4);
  return { data: pixels, side: side * 4 };
}

describe("the picture of a text", () => {
  it.each([
    "otpauth://totp/Fathom:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Fathom&algorithm=SHA1&digits=6&period=30",
    "otpauth://totp/Fathom%20at%20fathom.example.com:%D0%90%D0%BD%D0%BD%D0%B0%20Long-Name-Of-A-Person?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Fathom",
    "x",
  ])("is read back by another reader: %s", (text) => {
    const { data, side } = painted(outline(text));
    // jsqr is CommonJS, whose default stands one level deeper here.
    const read = (jsqr as unknown as { default?: typeof jsqr }).default ?? jsqr;
    expect(read(data, side, side)?.data).toBe(text);
  });
});
