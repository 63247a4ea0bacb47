import { createDeadline } from '../src/core/index.ts';
import { createIntegrityCheck } from '../src/service/index.ts';
import { account, work } from './people.ts';
import { openStage } from './stage.ts';
const WORKS = Number(process.env['N'] ?? 100_000);
const stage = await openStage();
try {
  await stage.load('emergency_backup', []);
  await stage.load('integrity_reports', []);
  await stage.load(
    'users',
    Array.from({ length: 10_000 }, (_, i) => account(i, WORKS / 10_000)),
  );
  await stage.load(
    'works',
    Array.from({ length: WORKS }, (_, i) => work(i, i % 10_000)),
  );
  const { runtime } = stage;
  const sums: Record<string, { n: number; ms: number }> = {};
  const store = new Proxy(runtime.store, {
    get(t, name, r) {
      const m = Reflect.get(t, name, r) as (...a: unknown[]) => Promise<unknown>;
      return async (...a: unknown[]) => {
        const at = performance.now();
        try {
          return await m.apply(t, a);
        } finally {
          const k = `${String(name)} ${String(a[0])}`;
          const s = (sums[k] ??= { n: 0, ms: 0 });
          s.n += 1;
          s.ms += performance.now() - at;
        }
      };
    },
  });
  for (let round = 0; round < 2; round += 1) {
    for (const k of Object.keys(sums)) delete sums[k];
    await stage.countFrom(20);
    const at = performance.now();
    const cpu = process.cpuUsage();
    const check = createIntegrityCheck({ ...runtime, store }, { sections: ['works', 'backup', 'users', 'indicators'] });
    const { state, finished } = await check.advance(
      undefined,
      createDeadline(runtime.clock, runtime.clock.now() + 3_600_000),
    );
    const used = process.cpuUsage(cpu);
    console.log(
      finished,
      Math.round(performance.now() - at),
      'ms',
      'cpu',
      Math.round((used.user + used.system) / 1000),
      JSON.stringify(
        check.report(state).sections.map((s) => [s.name, s.status, s.figures['total'] ?? s.figures['users']]),
      ),
    );
    for (const [k, s] of Object.entries(sums)) console.log(k, s.n, Math.round(s.ms), (s.ms / s.n).toFixed(1));
    console.log('trips', await stage.countFrom(0));
  }
} finally {
  await stage.close();
}
