/** Where a turn keeps back what promises durability, and the same with one kind of message let through. */
export const HOLDS_BACK = 'if (!this.#hasWrites && core.persists.length === 0) this.send(to, body);';
export const sendsAtOnce = (type: string): string =>
  `if (body.type === '${type}' || (!this.#hasWrites && core.persists.length === 0)) this.send(to, body);`;
