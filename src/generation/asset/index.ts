/** Pictures that last: fetched under limits, copied to cloud storage, tried again by recovery. */
export { copyPicture, type AssetDeps } from './copy-picture.ts';
export { createDownload, type Download, type DownloadOptions } from './download.ts';
export { recopyPictures } from './recopy.ts';
