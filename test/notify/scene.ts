/** Instances with group robots, over one store and one robot server on this machine. */
import { createDeadline, type Clock, type Deadline } from '../../src/core/index.ts';
import { nodeClock } from '../../src/core/node/index.ts';
import {
  createNotifier,
  readChannel,
  type Alert,
  type Notifier,
  type NotifierOptions,
} from '../../src/notify/index.ts';
import type { Store } from '../../src/store/index.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { replyWith, startLoopback, type Loopback } from '../support/loopback.ts';
import { memoryLog, seededRandom, testHash } from '../support/ports.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2026, 10, 22, 4, 0, 0);

/** Real timers, since real sockets are waited for; a time of day that moves only when it is told to. */
export interface HandClock extends Clock {
  forward(ms: number): void;
}

export function createHandClock(): HandClock {
  let nowMs = START_MS;
  return {
    now: () => nowMs,
    after: nodeClock.after,
    forward(ms) {
      nowMs += ms;
    },
  };
}

export const ROBOTS = {
  wecom: 'wecom:wecom-key-0001',
  feishu: 'feishu:feishu-token-0001:feishu-secret',
  dingtalk: 'dingtalk:dingtalk-token-0001:dingtalk-secret',
} as const;

/** No part of a robot's address or key may stand anywhere but in the request. */
export const SECRETS = [
  'wecom-key-0001',
  'feishu-token-0001',
  'feishu-secret',
  'dingtalk-token-0001',
  'dingtalk-secret',
];

export interface SceneOptions extends NotifierOptions {
  readonly robots?: readonly string[];
  readonly store?: Store | undefined;
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

/** An empty database, a server that takes every message, and instances on demand. */
export async function openScene() {
  const server: Loopback = await startLoopback();
  server.answer(replyWith(200, { errcode: 0, code: 0 }));
  const clock = createHandClock();
  const log = memoryLog();
  const random = seededRandom(1);
  const store: MemoryStore = createMemoryStore(['durable_alerts']);
  const instance = ({ robots = [ROBOTS.wecom], store: other = store, ...options }: SceneOptions = {}): Notifier => {
    const channels = robots.map((robot) => readChannel(robot, server.url));
    return createNotifier({ store: other, clock, random, log, fetch, hash: testHash, channels }, options);
  };
  const within = (ms = 10_000): Deadline => createDeadline(clock, clock.now() + ms);
  return {
    server,
    clock,
    log,
    store,
    instance,
    within,
    alert: (key: string, more: Partial<Alert> = {}): Alert => ({
      key,
      severity: 'fault',
      title: `${key} 出现问题`,
      lines: [],
      atMs: clock.now(),
      ...more,
    }),
    /** The texts that the groups got, as JSON. */
    texts: (): readonly string[] => server.received.map(({ body }) => body),
    /** What is remembered of a condition. */
    remembered: (key: string) => store.get('durable_alerts', `alert_${key}`),
    events: (name: string) => log.lines.filter(({ event }) => event === name),
    close: () => server.close(),
  };
}
