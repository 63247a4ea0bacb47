import { decodeText, isFields, isId, namedIds, type Fields, type Id } from '../database/index.ts';
import type { RequestFacts } from '../faults/index.ts';

const STORAGE_STEPS = {
  'storage.getUploadMetadata': 'metadata',
  'storage.batchGetDownloadUrl': 'download-url',
  'storage.batchDeleteFile': 'delete',
} as const satisfies Readonly<Record<string, RequestFacts['storage']>>;

/** What the fault rules may ask of an SDK request. */
export function factsOf(action: string, body: Fields, from: string | undefined): RequestFacts {
  const area = action.slice(0, action.indexOf('.'));
  return {
    area: area === 'storage' || area === 'functions' ? area : 'database',
    action,
    from,
    collection: textOf(body['collectionName']),
    function: textOf(body['function_name']),
    storage: STORAGE_STEPS[action as keyof typeof STORAGE_STEPS],
    // Worked out only for a rule that asks: it means reading the documents, which happens once more for the work itself.
    get ids() {
      return idsOf(body).map(String);
    },
  };
}

/** The `_id`s that a request names; what cannot be read names none, and is refused later with a reason. */
function idsOf({ query, data }: Fields): readonly Id[] {
  const condition = readFields(query);
  const named = condition === undefined ? undefined : namedIds(condition);
  if (named !== undefined) return named;
  const documents = Array.isArray(data) ? data.map(readFields) : [];
  return documents.map((document) => document?.['_id']).filter(isId);
}

function readFields(text: unknown): Fields | undefined {
  if (typeof text !== 'string' || !text.includes('"_id"')) return undefined;
  try {
    const value = decodeText(text, 0);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
