import { expect, test } from "vitest";
import { SlabStock } from "../../../src/upload/buffers/budget.ts";

test("no more than 32 MiB of slabs are kept for later", () => {
  const stock = new SlabStock();
  const slabs = Array.from({ length: 40 }, () => stock.take());
  for (const slab of slabs) stock.give(slab);
  const again = Array.from({ length: 40 }, () => stock.take());
  expect(again.filter((slab) => slabs.includes(slab))).toHaveLength(32);
});
