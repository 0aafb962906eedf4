export function reachableDeclarations(
  build: string,
  exports: Readonly<Record<string, { readonly types?: string } | string>>,
): Promise<ReadonlySet<string>>;
