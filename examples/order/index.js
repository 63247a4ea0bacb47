// An order paid with points, protected by wx-durable: whatever fails, points and stock are taken at most once,
// and every order leaves exactly one record in `orders`.
const cloud = require('wx-server-sdk');
const { createDurable, DurableError, is } = require('wx-durable');

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV });
const durable = createDurable({ cloud });

exports.main = durable.handler({
  async order(call) {
    const { sku, count, requestId } = call.data ?? {};
    if (!/^[\w-]{1,40}$/.test(sku) || !Number.isInteger(count) || count < 1 || count > 9) {
      throw new DurableError('INPUT_INVALID', 'sku or count is wrong');
    }
    const points = 30 * count;
    const { outcome, record } = await durable.once({
      call: { ...call, requestId },
      records: 'orders',
      fields: { sku, count, points },
      needs: { points: is.atLeast(points) },
      take: { points: -points },
      done: { orderCount: 1 },
      pay: ({ reference, deadline }) => takeStock({ sku, count }, reference, { deadline }),
    });
    return { orderId: record?._id, status: outcome === 'final' ? record.status : 'unknown' };
  },
});

// Twice is once: the reference stays in the product, so that asking again after a lost answer takes nothing more.
async function takeStock({ sku, count }, reference, within) {
  const mark = `taken.${reference}`;
  const target = { id: sku, where: { left: is.atLeast(count), [mark]: is.absent() } };
  const changed = await durable.update('products', target, { inc: { left: -count }, set: { [mark]: count } }, within);
  const product = changed === 1 ? undefined : await durable.get('products', sku, within);
  if (changed === 1 || product?.taken?.[reference]) return { status: 'completed', fields: {} };
  return { status: 'failed', error: new DurableError('ONCE_REFUSED', 'sold out') };
}
