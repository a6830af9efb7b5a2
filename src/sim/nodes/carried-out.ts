import type { SubmitOutcome } from '../../node/api.ts';
import { holds } from '../checks/rule.ts';

/**
 * What clients asked for, each under a name of its own, that goes into the log with what is decided: nothing is carried out twice,
 * nor after it was said not to be done, whatever copies of the question are still on their way.
 */
export class CarriedOut {
  readonly #times = new Map<string, number>();
  readonly #notDone = new Map<string, string>();
  #asked = 0;

  /** A question's name. */
  begin(): string {
    this.#asked += 1;
    return `client-${this.#asked}`;
  }

  /** A pair of this name is applied. */
  committed(name: string): void {
    if (!name.startsWith('client-')) return;
    const times = (this.#times.get(name) ?? 0) + 1;
    this.#times.set(name, times);
    holds(times === 1, 'Carried Out Once', () => `what ${name} asked for is carried out ${times} times`);
    const said = this.#notDone.get(name);
    holds(said === undefined, 'Acknowledged Is Committed', () => `what ${name} asked for is done, and was ${said}`);
  }

  answered(name: string, { outcome }: SubmitOutcome): void {
    if (outcome !== 'refused' && outcome !== 'unavailable') return;
    this.#notDone.set(name, outcome);
    holds(!this.#times.has(name), 'Acknowledged Is Committed', () => `what ${name} asked for is ${outcome}, and done`);
  }
}
