import { DurableError, type Clock } from '../../core/index.ts';
import type { FunctionDefinition } from './definition.ts';
import { startInstance, type Instance } from './instance.ts';

/** As long as the platform keeps an idle instance, in its most impatient mood. */
const IDLE_MS = 180_000;

interface PoolOptions {
  readonly clock: Clock;
  readonly env: InstanceEnvironment;
  /** Whether an instance may use no more memory than its function's settings say. */
  readonly hasMemoryLimit: boolean;
}

/** The environment of an instance, with the variables that its function's settings declare. */
export type InstanceEnvironment = (
  workerId: string,
  variables: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>>;

/** An instance with the name that its requests to the provider carry. */
export interface PooledInstance extends Instance {
  readonly workerId: string;
  /** That of the definition it was started from. */
  readonly version: string;
}

/** The instances of all functions. */
export interface InstancePool {
  /** An idle instance of the function as it is now, or a new one; idle ones of older code are ended. */
  take(definition: FunctionDefinition): PooledInstance;
  /** Gives an instance back; one that has ended is forgotten. */
  release(definition: FunctionDefinition, instance: PooledInstance): void;
  stopAll(): Promise<void>;
}

/** A pool that starts with no instance. */
export function createPool({ clock, env, hasMemoryLimit }: PoolOptions): InstancePool {
  const idle = new Map<string, { instance: PooledInstance; cancel: () => void }[]>();
  const all = new Set<PooledInstance>();
  let started = 0;
  let isOpen = true;
  const stop = (instance: PooledInstance) => {
    all.delete(instance);
    void instance.stop();
  };
  return {
    take(definition) {
      const { name, entry, version, memoryMb, variables } = definition;
      const isOf = (instance: PooledInstance) => instance.version === version && instance.isFresh();
      for (let next = idle.get(name)?.pop(); next !== undefined; next = idle.get(name)?.pop()) {
        next.cancel();
        if (next.instance.isAlive() && isOf(next.instance)) return next.instance;
        stop(next.instance);
      }
      // Calls that were waiting for a place when the local cloud was closed.
      if (!isOpen) throw new DurableError('INTERNAL', 'the local cloud has been closed');
      started += 1;
      const workerId = `w${started}`;
      const limits = { memoryMb: hasMemoryLimit ? memoryMb : undefined };
      const instance = { ...startInstance({ entry, env: env(workerId, variables), ...limits }), workerId, version };
      all.add(instance);
      return instance;
    },
    release({ name }, instance) {
      if (!instance.isAlive()) return stop(instance);
      const list = idle.get(name) ?? [];
      const cancel = clock.after(IDLE_MS, () => {
        list.splice(0, list.length, ...list.filter((entry) => entry.instance !== instance));
        stop(instance);
      });
      list.push({ instance, cancel });
      idle.set(name, list);
    },
    async stopAll() {
      isOpen = false;
      for (const list of idle.values()) for (const { cancel } of list) cancel();
      idle.clear();
      await Promise.all([...all].map((instance) => instance.stop()));
      all.clear();
    },
  };
}
