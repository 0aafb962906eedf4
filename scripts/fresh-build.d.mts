/** Builds dist/ when it is missing or older than what it is made from. @throws Error when the build fails */
export function freshBuild(): Promise<void>;
