import type { Provider, ProviderResult } from '../../src/generation/index.ts';

/** How a task stands; `silent` is a service that answers no question. */
export type TaskState = ProviderResult | { readonly status: 'running' } | 'silent';

/** An image service that takes orders as tasks and does with them what the test says. */
export interface ScriptedProvider extends Provider {
  /** The references of all orders, in their order: what would be paid for. */
  readonly orders: readonly string[];
  /** The task ids that were asked about. */
  readonly questions: readonly string[];
  /** What is answered from now on, about every task. */
  say(state: TaskState): void;
  /** Resolves when a task is asked about for the first time. */
  readonly firstQuestion: Promise<string>;
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A picture as the bytes of a small file. */
export const paintedPicture = { status: 'completed', picture: { bytes: PNG } } as const;

/** A service whose tasks are `running` until told otherwise. */
export function createScriptedProvider(): ScriptedProvider {
  const orders: string[] = [];
  const questions: string[] = [];
  let state: TaskState = { status: 'running' };
  let wake: (taskId: string) => void = () => undefined;
  const firstQuestion = new Promise<string>((resolve) => {
    wake = resolve;
  });
  return {
    name: 'scripted',
    orders,
    questions,
    firstQuestion,
    say(next) {
      state = next;
    },
    async submit({ reference }) {
      orders.push(reference);
      return { status: 'accepted', taskId: `task-${orders.length}` };
    },
    async ask(taskId) {
      questions.push(taskId);
      wake(taskId);
      return state === 'silent' ? new Promise<never>(() => undefined) : state;
    },
  };
}

/** An image service that paints at once, and refuses what has `[fail]` in it. */
export interface Painter extends Provider {
  /** The references of all orders, in their order. */
  readonly orders: readonly string[];
}

/** A painter without a history. */
export function createPainter(): Painter {
  const orders: string[] = [];
  return {
    name: 'painter',
    orders,
    async submit({ prompt, reference }) {
      orders.push(reference);
      return prompt.includes('[fail]') ? { status: 'failed', message: 'refused by the painter' } : paintedPicture;
    },
  };
}
