/** The picture service of the demo. */
export { openPictureCalls, type PictureCall, type PictureCalls } from './calls.ts';
export { createPictureRoutes, pictureServiceUrl } from './routes.ts';
