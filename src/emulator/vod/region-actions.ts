import type { VodAction } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { textOf } from "./validate.ts";

/** DescribeStorageRegions. */
export const describeStorageRegions: VodAction = ({ context }) => ({ StorageRegionInfos: context.regions.list() });

/** CreateStorageRegion: opens a region at once; the real one takes minutes, and neither goes back. */
export const createStorageRegion: VodAction = ({ context, params }) => {
  const region = textOf(params, "StorageRegion") ?? "";
  if (!context.regions.exists(region)) {
    throw new VodFailure("InvalidParameterValue", `There is no storage region ${region}.`);
  }
  context.regions.open(region);
  return {};
};
