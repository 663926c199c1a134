/** A queue whose items can be taken out anywhere: a list that is linked both ways. */
export interface Item {
  readonly object: number;
  uses: number;
  newer: Item | undefined;
  older: Item | undefined;
}

export class Queue {
  oldest: Item | undefined;
  newest: Item | undefined;

  push(item: Item): void {
    item.newer = undefined;
    item.older = this.newest;
    if (this.newest === undefined) this.oldest = item;
    else this.newest.newer = item;
    this.newest = item;
  }

  remove(item: Item): void {
    if (item.newer === undefined) this.newest = item.older;
    else item.newer.older = item.older;
    if (item.older === undefined) this.oldest = item.newer;
    else item.older.newer = item.newer;
    item.newer = undefined;
    item.older = undefined;
  }
}
