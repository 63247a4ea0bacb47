import { collections } from '../../records/index.ts';
import { request } from './request.ts';

/** Creates what the functions expect to find: in the cloud, too, no write creates a collection. Keeps what is there. */
export async function createMissingCollections(url: string): Promise<void> {
  const existing = await listCollections(url);
  for (const name of Object.values(collections)) {
    if (!existing.has(name)) await request(`${url}/_emulator/collections/${name}`, { method: 'PUT', body: '' });
  }
}

async function listCollections(url: string): Promise<ReadonlySet<string>> {
  const response = await request(`${url}/_emulator/collections`);
  const listed: unknown = await response.json();
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [];
  return new Set(items.map(nameOf));
}

function nameOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : '';
}
