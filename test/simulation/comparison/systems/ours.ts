/** This library: `src/` unchanged, over the same database, storage and image service. */
import { boundedCall } from '../../../../src/store/cloudbase/bounded-call.ts';
import type { Blobs, CallOptions, Store } from '../../../../src/store/index.ts';
import { storeThrough } from '../../../support/store-through.ts';
import { ourSystem } from '../../histories/our-system.ts';
import type { InstancePorts } from '../../histories/system.ts';
import type { Contender } from '../contender.ts';

/** Generations as `generateImage` runs them, recovered every ten minutes. */
export const ours: Contender = {
  name: 'wx-durable',
  boot: (ports) => ourSystem.boot(bounded(ports)),
  keyOf: ({ _id }) => _id,
  recoverEveryMs: 600_000,
};

// The time limits that the adapters over the SDK keep.
function bounded(ports: InstancePorts): InstancePorts {
  return { ...ports, store: boundedStore(ports), blobs: boundedBlobs(ports) };
}

type Ask = <T>(what: string, call: CallOptions | undefined, run: () => Promise<T>) => Promise<T>;

/** A store whose statements end at their time limits, as those over the SDK do. */
export function boundedStore({ store, clock }: Pick<InstancePorts, 'store' | 'clock'>): Store {
  const bounds = { clock, defaultTimeoutMs: 1_500 };
  return storeThrough(store, ({ op, call }, effect) => boundedCall(bounds, { what: op, call }, effect));
}

function boundedBlobs({ blobs, clock }: InstancePorts): Blobs {
  const ask: Ask = (what, call, run) => boundedCall({ clock, defaultTimeoutMs: 5_000 }, { what, call }, run);
  return {
    put: (name, bytes, call) => ask('put', call, () => blobs.put(name, bytes)),
    get: (fileId, call) => ask('get', call, () => blobs.get(fileId)),
    exists: (fileIds, call) => ask('exists', call, () => blobs.exists(fileIds)),
    temporaryUrls: (fileIds, call) => ask('urls', call, () => blobs.temporaryUrls(fileIds)),
    remove: (fileIds, call) => ask('remove', call, () => blobs.remove(fileIds)),
    fileId: (name, call) => ask('fileId', call, () => blobs.fileId(name)),
  };
}
