import { createMemoryBlobs, createMemoryStore } from '../../src/store/memory/index.ts';
import { describeBlobs, describeStore, type Subject } from './store-contract.ts';

const make = async (): Promise<Subject> => {
  const store = createMemoryStore();
  return { store, blobs: createMemoryBlobs(), contents: async (name) => store.dump(name) };
};

describeStore('memory', make);
describeBlobs('memory', make);
