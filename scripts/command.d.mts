/** Which .js files of a build its entry points lead to, as paths below it. */
export function reachableModules(
  dist: string,
  exports: Readonly<Record<string, { readonly default?: string } | string>>,
): Promise<ReadonlySet<string>>;
