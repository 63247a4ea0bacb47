/** What is to happen, in the order of its time; a binary heap. */
export interface TimerQueue {
  /** `tie` decides between those of the same time: the smaller goes first. The function returned cancels. */
  add(atMs: number, tie: number, run: () => void): () => void;
  /** Takes out the next one if it is due by then. */
  take(byMs: number): Due | undefined;
}

export interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

interface Timer {
  readonly atMs: number;
  readonly tie: number;
  run: (() => void) | undefined;
}

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);

/** An empty queue. */
export function createTimerQueue(): TimerQueue {
  const heap: Timer[] = [];
  return {
    add(atMs, tie, run) {
      const timer: Timer = { atMs, tie, run };
      rise(heap, timer);
      // Left in its place: it is skipped when its turn comes.
      return () => (timer.run = undefined);
    },
    take(byMs) {
      for (let first = heap[0]; first && first.atMs <= byMs; first = heap[0]) {
        dropFirst(heap);
        const { atMs, run } = first;
        if (run) return { atMs, run };
      }
      return undefined;
    },
  };
}

function rise(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Timer;
    if (!isBefore(timer, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = timer;
}

function dropFirst(heap: Timer[]): void {
  const last = heap.pop() as Timer;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1] as Timer, heap[below] as Timer)) below += 1;
    const child = heap[below] as Timer;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = last;
}
