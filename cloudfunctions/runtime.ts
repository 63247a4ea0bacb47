import cloud from 'wx-server-sdk';
import { nodePorts } from '../src/core/node/index.ts';
import type { OpenApi } from '../src/generation/index.ts';
import { createCloudbaseBlobs, type Cloud } from '../src/store/cloudbase/index.ts';

// The SDK's types call the environment a string, and its own constant a symbol.
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV as unknown as string });

/** What every function stands on: the platform's SDK, this process, and its environment. Each says how much of the database it needs. */
export function runtimeWith<S>(createStore: (cloud: Cloud, clock: typeof nodePorts.clock) => S) {
  return {
    ...nodePorts,
    store: createStore(cloud, nodePorts.clock),
    blobs: createCloudbaseBlobs(cloud, nodePorts.clock, nodePorts.fetch),
    identity: () => cloud.getWXContext(),
    env: process.env,
    openapi: cloud.openapi as OpenApi,
  };
}
