import cloud from 'wx-server-sdk';
import { nodePorts } from '../src/core/node/index.ts';
import type { OpenApi } from '../src/generation/index.ts';
import type { Runtime } from '../src/service/index.ts';
import { createCloudbaseBlobs, createCloudbaseStore } from '../src/store/cloudbase/index.ts';

// The SDK's types call the environment a string, and its own constant a symbol.
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV as unknown as string });

/** What every function stands on: the platform's SDK, this process, and its environment. */
export const runtime: Runtime = {
  ...nodePorts,
  store: createCloudbaseStore(cloud, nodePorts.clock),
  blobs: createCloudbaseBlobs(cloud, nodePorts.clock),
  identity: () => cloud.getWXContext(),
  fetch,
  env: process.env,
  openapi: cloud.openapi as OpenApi,
};
