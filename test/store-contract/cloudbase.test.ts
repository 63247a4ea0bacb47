import { openSdkCloud } from '../store/sdk-cloud.ts';
import { describeBlobs, describeStore, describeStorePages } from './store-contract.ts';

describeStore('CloudBase', () => openSdkCloud());
describeStorePages('CloudBase call', async () => {
  const cloud = await openSdkCloud();
  return { ...cloud, store: { ...cloud.store, ...cloud.callStore() } };
});
describeBlobs('CloudBase', () => openSdkCloud());
