/** One entry of a manifest as it stands there, or why there is none. */
export type ManifestRecord =
  | { readonly line: number; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly problem: string };

export const notUtf8 = "is not UTF-8; save the manifest as UTF-8";
