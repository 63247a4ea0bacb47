import { line, type DoctorLine } from './line.ts';

const OLDEST_NODE = [18, 15] as const;
const OLDEST_SDK = [3, 0, 4] as const;

/** What can be told of this machine without asking anybody. */
export function checkMachine(versions: { readonly node: string; readonly sdk: string }): readonly DoctorLine[] {
  return [
    checkNode(versions.node),
    checkSdk(versions.sdk),
    checkTimeZone(Intl.DateTimeFormat().resolvedOptions().timeZone),
  ];
}

function checkNode(version: string): DoctorLine {
  if (isAtLeast(version, OLDEST_NODE)) return line('ok', 'node', both(`Node.js ${version}`));
  return line('problem', 'node', both(`Node.js ${version}`), {
    zh: '需要 18.15 或更高版本；云函数请选择 Nodejs18.15',
    en: 'needs 18.15 or later; for functions choose Nodejs18.15',
  });
}

function checkSdk(version: string): DoctorLine {
  if (isAtLeast(version, OLDEST_SDK)) return line('ok', 'sdk', both(`wx-server-sdk ${version}`));
  return line('problem', 'sdk', both(`wx-server-sdk ${version}`), {
    zh: '需要 3.0.4 或更高版本：npm i wx-server-sdk@latest',
    en: 'needs 3.0.4 or later: npm i wx-server-sdk@latest',
  });
}

// Days are computed by arithmetic at UTC+8: the zone is shown because people ask, not because it matters.
function checkTimeZone(zone: string): DoctorLine {
  return line('ok', 'time-zone', {
    zh: `本机时区 ${zone}；用量与检查始终按北京时间计日`,
    en: `time zone ${zone}; days are always those of Beijing`,
  });
}

/** Whether a version such as `18.20.1` is not older than this. */
export function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const at = oldest.findIndex((wanted, index) => (parts[index] ?? 0) !== wanted);
  return at === -1 || (parts[at] ?? 0) > (oldest[at] ?? 0);
}

const both = (text: string) => ({ zh: text, en: text });
