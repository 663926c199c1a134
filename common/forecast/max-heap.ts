/** Numbers with a priority, the largest first. */
export class MaxHeap {
  #items: number[] = [];
  #priorities: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Of the first; −Infinity where there is none. */
  get priority(): number {
    return this.#priorities[0] ?? -Infinity;
  }

  clear(): void {
    this.#items = [];
    this.#priorities = [];
  }

  push(item: number, priority: number): void {
    let at = this.#items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#priorities[parent] ?? 0) >= priority) break;
      this.#set(at, this.#items[parent] ?? 0, this.#priorities[parent] ?? 0);
      at = parent;
    }
    this.#set(at, item, priority);
  }

  pop(): number | undefined {
    const first = this.#items[0];
    const item = this.#items.pop();
    const priority = this.#priorities.pop();
    if (item === undefined || priority === undefined || this.#items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#items.length) break;
      if ((this.#priorities[child + 1] ?? -Infinity) > (this.#priorities[child] ?? 0)) child += 1;
      if ((this.#priorities[child] ?? 0) <= priority) break;
      this.#set(at, this.#items[child] ?? 0, this.#priorities[child] ?? 0);
      at = child;
    }
    this.#set(at, item, priority);
    return first;
  }

  #set(at: number, item: number, priority: number): void {
    this.#items[at] = item;
    this.#priorities[at] = priority;
  }
}
