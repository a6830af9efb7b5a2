/** Questions to the core that are answered by number, each once. */
export class PendingAsks<Answer> {
  readonly #asks = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  ask(begin: (id: number) => void): Promise<Answer> {
    return new Promise((settle) => {
      const id = this.#nextId++;
      this.#asks.set(id, settle);
      begin(id);
    });
  }

  answer(id: number, answer: Answer): void {
    const settle = this.#asks.get(id);
    this.#asks.delete(id);
    settle?.(answer);
  }

  answerAll(answer: Answer): void {
    const all = [...this.#asks.values()];
    this.#asks.clear();
    for (const settle of all) settle(answer);
  }
}
