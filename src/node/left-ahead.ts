import type { DuePosition } from '../store/projection.ts';
import { DUE_WINDOW_MAX } from './limits.ts';

/**
 * Due times whose target was full when they were looked at ahead of their time, as after many fires at one instant. They are looked at again
 * once it has room; if they are due before, they are claimed then, as are those that find no place here (I10).
 */
export class LeftAhead {
  readonly #byTarget = new Map<string, DuePosition[]>();
  #size = 0;

  put(target: string, position: DuePosition): void {
    if (this.#size >= DUE_WINDOW_MAX) return;
    const left = this.#byTarget.get(target);
    if (left === undefined) this.#byTarget.set(target, [position]);
    else left.push(position);
    this.#size += 1;
  }

  hasReady(hasRoom: (target: string) => boolean): boolean {
    for (const target of this.#byTarget.keys()) if (hasRoom(target)) return true;
    return false;
  }

  takeReady(hasRoom: (target: string) => boolean): readonly DuePosition[] {
    const ready: DuePosition[] = [];
    for (const [target, left] of this.#byTarget) {
      if (!hasRoom(target)) continue;
      this.#byTarget.delete(target);
      this.#size -= left.length;
      ready.push(...left);
    }
    return ready;
  }

  clear(): void {
    this.#byTarget.clear();
    this.#size = 0;
  }
}
