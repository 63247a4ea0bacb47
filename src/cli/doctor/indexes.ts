import { missingIndexes } from '../init/local-indexes.ts';
import type { Target } from '../target.ts';
import { line, type DoctorLine } from './line.ts';

/** The indexes that the library needs: a local cloud tells which it has; on the platform the console alone does. */
export async function checkIndexes({ kind, name: url }: Pick<Target, 'kind' | 'name'>): Promise<DoctorLine> {
  if (kind === 'environment') return SEEN_IN_CONSOLE;
  try {
    const missing = await missingIndexes(url);
    return missing.length > 0
      ? missingLine(missing)
      : line('ok', 'indexes', { zh: '索引齐全', en: 'all indexes exist' });
  } catch {
    return line('unknown', 'indexes', { zh: '读不到本地云的索引', en: "the local cloud's indexes cannot be read" });
  }
}

function missingLine(missing: readonly string[]): DoctorLine {
  const said = {
    zh: `缺少 ${missing.length} 个索引：${missing.join('、')}`,
    en: `missing indexes: ${missing.join(', ')}`,
  };
  return line('problem', 'indexes', said, { zh: '运行 wx-durable init', en: 'run wx-durable init' });
}

const SEEN_IN_CONSOLE = line(
  'skipped',
  'indexes',
  { zh: '索引只能在控制台看到', en: 'indexes can be seen in the console only' },
  { zh: '对照 wx-durable init --dry-run 列出的索引', en: 'compare with what wx-durable init --dry-run lists' },
);
