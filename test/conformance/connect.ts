import { inject } from 'vitest';

// Two cases of the suite format dates in the zone it was written in.
process.env['TZ'] = 'Asia/Shanghai';
Object.assign(process.env, inject('environment'));
