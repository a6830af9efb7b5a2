/** What a machine did last: the state that is lit, and the move that led there. */
export interface Lit {
  readonly state: string | null;
  readonly move: { readonly event: string; readonly from: string; readonly to: string } | null;
  /** Of something that a guard, or the state, refused: lit as such. */
  readonly refused: boolean;
  /** Changes with every move, so that the same move twice is seen twice. */
  readonly key: string;
}
