/** @returns the share of each kind of work in the time that the profiled processes were not waiting */
export function shares(folder: string): Record<string, number>;
