/** Reference adapters that keep everything in memory: the shortest correct ones. */
export { createMemoryStore, type MemoryStore } from './memory-store.ts';
export { createMemoryBlobs } from './memory-blobs.ts';
