import { openLane, builtIn } from './lane.ts';
import { collections } from '../../src/records/index.ts';
const lane = await openLane(builtIn('dist/chaos'));
const u = lane.url();
for (const name of Object.values(collections)) await fetch(`${u}/_emulator/collections/${name}`, { method: 'PUT', body: '' });
const call = async (fn: string, event: unknown, openid?: string) => {
  const t = performance.now();
  const r = await fetch(`${lane.url()}/invoke/${fn}`, { method: 'POST', headers: { 'content-type': 'application/json', ...(openid ? { 'x-wx-openid': openid } : {}) }, body: JSON.stringify(event) });
  const j = await r.json() as any;
  console.log(fn, (performance.now() - t).toFixed(0), JSON.stringify(j).slice(0, 150));
};
const cpu = () => { };
for (let h = 0; h < 4; h++) {
  lane.begin();
  for (let i = 0; i < 4; i++) await call('generateImage', { action: 'generate', data: { prompt: '海' + (i % 2), requestId: `r${h}-${i}` } }, 'oA');
  await Promise.all([0,1,2].map((i) => call('generateImage', { action: 'generate', data: { prompt: '海0', requestId: `p${h}-${i}` } }, 'oB')));
  lane.forward(3600_000*25);
  await call('recoverFromBackup', { Type: 'Timer', TriggerName: 'x' });
  await call('fixUserConsistency', { Type: 'Timer', TriggerName: 'x' });
}
const lines = lane.printed().map((p) => p.text).join('').split('\n').slice(-8);
console.log(lines.map((l) => l.slice(0, 160)).join('\n'));
const t = performance.now();
await lane.killAndRestart();
console.log('restart', performance.now() - t);
await call('generateImage', { action: 'generate', data: { prompt: '海0', requestId: `rx` } }, 'oA');
await lane.close();
