/** Where things are on the earth: MongoDB's spherical geometry. */
export { geoTest, isReached, nearestM, nearIn, nearOf, nearTest, type Near } from './conditions.ts';
