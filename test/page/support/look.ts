import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";

const folder = join(import.meta.dirname, "../looks");
/** A picture is kept so small that no text can be read in it: only where things are, and how dark, is compared. */
const size = { width: 128, height: 80 };

/**
 * How far a screenshot is from the kept picture `looks/<name>.png`: the mean difference of brightness of the worst of 40
 * fields of 16 × 16 points, 0 (the same) to 255. `UPDATE_LOOKS=1` keeps the screenshot instead.
 */
export async function distanceFromLook(context: BrowserContext, name: string, screenshot: Buffer): Promise<number> {
  const file = join(folder, `${name}.png`);
  const page = await context.newPage();
  try {
    const small = await page.evaluate(shrink, { url: dataUrl(screenshot), ...size });
    if (process.env["UPDATE_LOOKS"] === "1") {
      await writeFile(file, Buffer.from(small.url.replace(/^.*,/, ""), "base64"));
      return 0;
    }
    const kept = await page.evaluate(shrink, { url: dataUrl(await readFile(file)), ...size });
    return worstField(small.brightness, kept.brightness);
  } finally {
    await page.close();
  }
}

const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString("base64")}`;

function worstField(one: readonly number[], other: readonly number[]): number {
  const side = 16;
  const sums = new Map<number, number>();
  for (const [at, brightness] of one.entries()) {
    const field = Math.floor(at / size.width / side) * (size.width / side) + Math.floor((at % size.width) / side);
    sums.set(field, (sums.get(field) ?? 0) + Math.abs(brightness - (other[at] ?? 0)));
  }
  return Math.max(...sums.values()) / side ** 2;
}

/** Runs in the browser. */
async function shrink({ url, width, height }: { url: string; width: number; height: number }): Promise<Small> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.imageSmoothingQuality = "high";
  context.filter = "grayscale(1)";
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { url: canvas.toDataURL("image/png"), brightness: [...data].filter((_, at) => at % 4 === 0) };
}

interface Small {
  readonly url: string;
  readonly brightness: readonly number[];
}
