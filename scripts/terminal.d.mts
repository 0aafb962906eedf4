export interface Piece {
  readonly text: string;
  readonly colour: string | undefined;
}
export class Terminal {
  constructor(columns: number);
  write(text: string): void;
  snapshot(): Piece[][];
}
export interface Frame {
  readonly atMs: number;
  readonly rows: readonly (readonly Piece[])[];
}
export function svgOf(
  frames: readonly Frame[],
  options: { readonly title: string; readonly columns: number; readonly rows: number; readonly holdMs: number },
): string;
