/**
 * The mark of a test that depends on real time: on a machine that others share it may be late once, so in CI it is tried a
 * second time, and `.ci/run` says so. No other test is ever repeated.
 */
export const timing: { readonly retry: number } = { retry: process.env["CI"] === undefined ? 0 : 1 };
