import { openSdkCloud } from '../store/sdk-cloud.ts';
import { describeBlobs, describeStore } from './store-contract.ts';

describeStore('CloudBase', () => openSdkCloud());
describeBlobs('CloudBase', () => openSdkCloud());
