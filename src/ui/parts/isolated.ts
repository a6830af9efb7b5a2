/** Marks of direction, and letters that run from right to left (Unicode Standard Annex #9). */
const MAY_TURN =
  /[\p{Bidi_Control}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_DIRECTIONAL_ISOLATE = '\u2069';

/** As `<bdi>` does it, for text that is no element: a title, a label. */
export const isolated = (given: string): string =>
  MAY_TURN.test(given) ? `${FIRST_STRONG_ISOLATE}${given}${POP_DIRECTIONAL_ISOLATE}` : given;
