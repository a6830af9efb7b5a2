/**
 * Whether what clients saw could have come from one copy that does one thing at a time (Herlihy & Wing 1990). Every call took effect
 * at some instant between its invocation and its return; one whose outcome nobody knows, at some later time or never. The search is
 * that of Wing & Gong (1993), with Lowe's memory of what was tried (2017). Linearizability is local: a history is right if that of each
 * object is, so hand in the history of one object (here: of one task) at a time.
 *
 * It knows nothing of the simulator. Whoever records histories, in a simulated world or of real processes, can ask it.
 */

export interface Operation<Call, Result> {
  readonly call: Call;
  /** Any one clock. Of two calls the earlier came first for certain only if it returned before the later was invoked. */
  readonly invokedAt: number;
  readonly outcome: Outcome<Result>;
}

export type Outcome<Result> =
  | { readonly kind: 'ok'; readonly result: Result; readonly returnedAt: number }
  /** For certain not done, and nothing was learned: it says nothing about the object. */
  | { readonly kind: 'refused' }
  /** No answer, or one that does not tell: it may have been done, or be done even now, or never. */
  | { readonly kind: 'unknown' };

/** The object as a single copy of it would behave. */
export interface SequentialModel<State, Call, Result> {
  readonly initial: State;
  apply(state: State, call: Call): { readonly state: State; readonly result: Result };
  isSame(expected: Result, seen: Result): boolean;
  /** Leaves the state as it is, whatever it is. */
  isRead(call: Call): boolean;
  /** The same text for the same state, and for calls that do the same. */
  keyOf(state: State): string;
  keyOfCall(call: Call): string;
}

export type Verdict<Call, Result> =
  | { readonly kind: 'linearizable' }
  /**
   * No order explains it. `part`, by invocation: the shortest beginning of the history that nothing explains, without the reads that
   * it does not take. What may have changed the object stays, done or not: without it the rest would look worse than it is.
   */
  | { readonly kind: 'contradiction'; readonly part: readonly Operation<Call, Result>[] }
  /** Too much of it was at the same time: the search was given up. */
  | { readonly kind: 'undecided' };

/** Steps of one search. Histories of a task have some dozens of calls, and need some hundreds. */
const STEPS_MAX = 200_000;

export function checkLinearizable<State, Call, Result>(
  history: readonly Operation<Call, Result>[],
  model: SequentialModel<State, Call, Result>,
): Verdict<Call, Result> {
  const told = history
    .filter(({ call, outcome }) => outcome.kind === 'ok' || (outcome.kind === 'unknown' && !model.isRead(call)))
    .sort((a, b) => a.invokedAt - b.invokedAt);
  const found = hasOrder(told, model);
  if (found === null) return { kind: 'undecided' };
  return found ? { kind: 'linearizable' } : { kind: 'contradiction', part: shortestPart(told, model) };
}

const returnOf = ({ outcome }: Operation<unknown, unknown>): number =>
  outcome.kind === 'ok' ? outcome.returnedAt : Number.POSITIVE_INFINITY;

/** Takes operations by their invocation. Null: not found within the steps allowed. */
function hasOrder<State, Call, Result>(
  operations: readonly Operation<Call, Result>[],
  model: SequentialModel<State, Call, Result>,
): boolean | null {
  const done = operations.map(() => false);
  const tried = new Set<string>();
  let steps = 0;

  /** With those marked in `done` behind it, and `known` of the others answered. */
  const search = (state: State, known: number): boolean | null => {
    if (known === 0) return true;
    const key = model.keyOf(state);
    const place = `${key} ${doneKey(done)}`;
    if (tried.has(place)) return false;
    tried.add(place);
    const next: { readonly at: number; readonly state: State; readonly known: number }[] = [];
    const unknown = new Set<string>();
    for (const at of mayComeNext(operations, done)) {
      const { call, outcome } = operations[at] as Operation<Call, Result>;
      const after = model.apply(state, call);
      steps += 1;
      if (outcome.kind === 'ok' && !model.isSame(after.result, outcome.result)) continue;
      const changes = model.keyOf(after.state) !== key;
      const move = { at, state: after.state, known: outcome.kind === 'ok' ? known - 1 : known };
      // It fits here and changes nothing: whatever order there is, it may as well come first.
      if (outcome.kind === 'ok' && !changes) return take(move);
      // One that nobody knows of and that changes nothing may as well never be done; of several that do the same, the first will do.
      const isNew = outcome.kind === 'ok' || !unknown.has(model.keyOfCall(call));
      if (outcome.kind === 'unknown') unknown.add(model.keyOfCall(call));
      if (changes && isNew) next.push(move);
    }
    if (steps > STEPS_MAX) return null;
    for (const move of next) {
      const found = take(move);
      if (found !== false) return found;
    }
    return false;
  };
  const take = (move: { readonly at: number; readonly state: State; readonly known: number }): boolean | null => {
    done[move.at] = true;
    const found = search(move.state, move.known);
    done[move.at] = false;
    return found;
  };
  return search(model.initial, operations.filter(({ outcome }) => outcome.kind === 'ok').length);
}

/** What began after another one had ended cannot come before it. */
function* mayComeNext(operations: readonly Operation<unknown, unknown>[], done: readonly boolean[]): Generator<number> {
  let firstReturn = Number.POSITIVE_INFINITY;
  for (const [at, operation] of operations.entries()) {
    if (done[at] !== true) firstReturn = Math.min(firstReturn, returnOf(operation));
  }
  for (const [at, { invokedAt }] of operations.entries()) {
    if (invokedAt > firstReturn) return;
    if (done[at] !== true) yield at;
  }
}

/** What is done, as text: up to the first that is not, there is nothing to say. */
function doneKey(done: readonly boolean[]): string {
  const from = done.indexOf(false);
  let key = `${from}:`;
  for (let at = from; at >= 0 && at < done.length; at += 1) if (done[at] === true) key += `${at},`;
  return key;
}

function shortestPart<State, Call, Result>(
  operations: readonly Operation<Call, Result>[],
  model: SequentialModel<State, Call, Result>,
): readonly Operation<Call, Result>[] {
  // Whatever has an order has one for each of its beginnings as well: the first that has none is found by halving.
  const returns = operations
    .map(returnOf)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  let [low, high] = [0, returns.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasOrder(until(operations, returns[middle] ?? 0, model), model) === false) high = middle;
    else low = middle + 1;
  }
  let part = until(operations, returns[high] ?? 0, model);
  for (const operation of part.filter(({ call }) => model.isRead(call))) {
    const without = part.filter((other) => other !== operation);
    if (hasOrder(without, model) === false) part = without;
  }
  return part;
}

/** The history as it looked at that time: what had not returned may or may not have been done. */
function until<State, Call, Result>(
  operations: readonly Operation<Call, Result>[],
  endAt: number,
  model: SequentialModel<State, Call, Result>,
): readonly Operation<Call, Result>[] {
  return operations
    .filter(({ invokedAt }) => invokedAt <= endAt)
    .map((operation) =>
      returnOf(operation) <= endAt ? operation : { ...operation, outcome: { kind: 'unknown' } as const },
    )
    .filter(({ call, outcome }) => outcome.kind === 'ok' || !model.isRead(call));
}
